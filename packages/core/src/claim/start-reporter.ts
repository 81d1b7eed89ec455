import type { Timer } from '@escapement/base'
import type { EngineContext } from '../context/engine-context.ts'
import type { Attempt } from '../run/attempt.ts'

/** A handler that took less than this was settled before anyone could have looked. Milliseconds. */
const GATHER_MS = 250

/**
 * Tells the store which of the executions that were taken ahead have started, so that readers see them run and a crash
 * is counted. Short handlers settle before and cost nothing here.
 */
export class StartReporter {
  readonly #context: EngineContext
  readonly #pending = new Set<Attempt>()
  #timer: Timer | undefined

  constructor(context: EngineContext) {
    this.#context = context
  }

  add(attempt: Attempt): void {
    this.#pending.add(attempt)
    if (this.#timer === undefined) this.#timer = this.#context.timers.after(GATHER_MS, () => this.#flush())
  }

  remove(attempt: Attempt): void {
    this.#pending.delete(attempt)
  }

  #flush(): void {
    this.#timer = undefined
    const started = [...this.#pending].filter((attempt) => !attempt.hasEnded)
    this.#pending.clear()
    if (started.length === 0) return
    const { store, namespace } = this.#context
    const starts = started.map(({ claimed, startedAt }) => ({
      executionId: claimed.id,
      fence: claimed.fence,
      startedAt,
    }))
    store.markStarted(namespace, starts).catch((error: unknown) => this.#context.report(error, 'mark started'))
  }
}

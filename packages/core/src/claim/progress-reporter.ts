import type { Timer } from '@escapement/base'
import type { EngineContext } from '../context/engine-context.ts'
import type { ClaimedExecution } from '../store/claim-store.ts'

/** How long reports gather. Milliseconds. */
const GATHER_MS = 500

/** Stores the latest progress of running executions, a batch at a time; a report that fails is not repeated. */
export class ProgressReporter {
  readonly #context: EngineContext
  readonly #pending = new Map<string, { executionId: string; fence: bigint; progress: number }>()
  #timer: Timer | undefined

  constructor(context: EngineContext) {
    this.#context = context
  }

  add(claimed: ClaimedExecution, progress: number): void {
    this.#pending.set(claimed.id, { executionId: claimed.id, fence: claimed.fence, progress })
    if (this.#timer === undefined) this.#timer = this.#context.timers.after(GATHER_MS, () => this.#flush())
  }

  /** Its settlement carries the last progress. */
  remove(executionId: string): void {
    this.#pending.delete(executionId)
  }

  #flush(): void {
    this.#timer = undefined
    const reports = [...this.#pending.values()]
    this.#pending.clear()
    if (reports.length === 0) return
    const { store, namespace } = this.#context
    store.reportProgress(namespace, reports).catch((error: unknown) => this.#context.report(error, 'progress'))
  }
}

import type { EngineContext } from '../context/engine-context.ts'
import { Wakeup } from '../context/wakeup.ts'
import { type BulkActs, runBulkAction } from './bulk-runner.ts'

const RECOVERED_A_CALL = 200
/** Looking for dead instances more often than this costs more than it brings; less often breaks promise 4. Milliseconds. */
const LONGEST_PAUSE_MS = 4_000

/**
 * What every instance does for the cluster: gives back the work of the dead, and goes on with bulk actions. Needs no
 * slot, no queue and no other instance, so nothing can wedge it (promise 4).
 */
export class Upkeep {
  readonly #context: EngineContext
  readonly #acts: BulkActs
  readonly #wakeup: Wakeup
  readonly #abort = new AbortController()
  #loop: Promise<void> | undefined

  constructor(context: EngineContext, acts: BulkActs) {
    this.#context = context
    this.#acts = acts
    this.#wakeup = new Wakeup(context.timers)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Looks soon: a bulk action was begun. */
  wake(): void {
    this.#wakeup.wake()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#wakeup.wake()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { options, runtime, store } = this.#context
    const pauseMs = store.capabilities.shared ? Math.min(options.leaseMs / 8, LONGEST_PAUSE_MS) : options.leaseMs / 8
    while (!this.#abort.signal.aborted) {
      await this.#guarded('recover', () => this.#recover())
      await this.#guarded('bulk action', () => this.#bulk())
      await this.#wakeup.wait(pauseMs * (0.75 + runtime.random() / 4))
    }
  }

  async #guarded(during: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#context.report(error, during)
    }
  }

  async #recover(): Promise<void> {
    const { events, store, namespace } = this.#context
    for (let count = RECOVERED_A_CALL; count === RECOVERED_A_CALL && !this.#abort.signal.aborted; ) {
      const recovered = await store.recover(namespace, RECOVERED_A_CALL)
      for (const { executionId, job, instance, status } of recovered) {
        events.emit('execution:recovered', { executionId, job, from: instance, status })
      }
      count = recovered.length
    }
  }

  async #bulk(): Promise<void> {
    const { store, namespace } = this.#context
    for (const action of await store.openBulkActions(namespace)) {
      if (this.#abort.signal.aborted) return
      await runBulkAction(store, namespace, action, this.#acts, this.#abort.signal)
    }
  }
}

import type { Lease } from '../lock/lease.ts'
import type { MutexManager } from '../lock/mutex-manager.ts'
import type { EngineContext } from '../context/engine-context.ts'

/** Lease of the planner's turn. Milliseconds (rule 10). */
const TURN_MS = 5_000
/** How much of the horizon must be left unplanned before one plans: whose turn it is goes first, the others step in. */
const OWN_SHARE = 0.75
const OTHERS_SHARE = 0.5

/** Whose turn it is to plan. It only saves work: without a mutex, or when the lock server is away, everybody plans. */
export class PlannerTurn {
  readonly #context: EngineContext
  readonly #mutex: MutexManager | null
  #lease: Lease | null = null

  constructor(context: EngineContext) {
    this.#context = context
    this.#mutex = context.options.mutex
  }

  /** The share of the horizon from which on this instance plans. */
  async share(): Promise<number> {
    if (this.#mutex === null) return OTHERS_SHARE + (OWN_SHARE - OTHERS_SHARE) * this.#context.runtime.random()
    return (await this.#isMine(this.#mutex)) ? OWN_SHARE : OTHERS_SHARE
  }

  /** Lets others have the turn at once. */
  async end(): Promise<void> {
    await this.#lease?.release()
    this.#lease = null
  }

  async #isMine(mutex: MutexManager): Promise<boolean> {
    if (this.#lease !== null && this.#lease.remainingMs() > 0) return true
    try {
      this.#lease = await mutex.tryAcquire(`${this.#context.namespace}/planner`, { ttl: TURN_MS })
    } catch (error) {
      this.#lease = null
      this.#context.report(error, 'planner turn')
    }
    return this.#lease !== null
  }
}

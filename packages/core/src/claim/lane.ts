import type { Attempt } from '../run/attempt.ts'
import type { ClaimedExecution, QueueDemand } from '../store/claim-store.ts'

/** No more than this many times the concurrency is taken ahead (rule 19). */
const MOST_AHEAD = 4
/** Work is taken ahead only as far as it should start within this time. Milliseconds. */
const AHEAD_MS = 50
/**
 * Refilled when so much of it is used up: with four times the concurrency, when one round of all slots is left. A claim
 * that fetches a few costs as much as one that fetches many.
 */
const REFILL_SHARE = 0.75
/** Weight of the newest duration in the running mean. */
const NEWEST_WEIGHT = 0.1

/** One queue on one instance: what runs, what was taken ahead, and how much more it can take. */
export class Lane {
  readonly queue: string
  readonly concurrency: number
  /** False where the queue has a limit across the cluster. */
  readonly canPrefetch: boolean
  readonly running: Set<Attempt> = new Set()
  readonly #ready: ClaimedExecution[] = []
  #meanDurationMs = Number.POSITIVE_INFINITY

  constructor(queue: string, concurrency: number, canPrefetch: boolean) {
    this.queue = queue
    this.concurrency = concurrency
    this.canPrefetch = canPrefetch
  }

  /** How much it can take now. */
  demand(): QueueDemand {
    const slots = Math.max(0, this.concurrency - this.running.size - this.#ready.length)
    return { queue: this.queue, slots, prefetch: this.#prefetch() }
  }

  /** Whether it would take more if there were more. */
  isHungry(): boolean {
    const { slots, prefetch } = this.demand()
    return slots > 0 || prefetch > 0
  }

  /** Adds what was taken ahead, in the order of the claim. */
  addReady(claimed: ClaimedExecution): void {
    this.#ready.push(claimed)
  }

  /** The next one to start, when a slot is free. */
  takeReady(): ClaimedExecution | undefined {
    return this.running.size < this.concurrency ? this.#ready.shift() : undefined
  }

  /** Removes what was taken ahead and not started. */
  dropReady(matches: (claimed: ClaimedExecution) => boolean = () => true): readonly ClaimedExecution[] {
    const dropped = this.#ready.filter(matches)
    if (dropped.length > 0) this.#ready.splice(0, this.#ready.length, ...this.#ready.filter((each) => !matches(each)))
    return dropped
  }

  get readyCount(): number {
    return this.#ready.length
  }

  /** What was taken ahead and not started. */
  ready(): readonly ClaimedExecution[] {
    return this.#ready
  }

  /** Learns how long handlers take: short ones are worth taking ahead, long ones would keep work from others. */
  learnDuration(ms: number): void {
    this.#meanDurationMs =
      this.#meanDurationMs === Number.POSITIVE_INFINITY
        ? ms
        : this.#meanDurationMs * (1 - NEWEST_WEIGHT) + ms * NEWEST_WEIGHT
  }

  /** Learns that what runs takes at least this long, although it has not ended: nothing is worth taking ahead of it. */
  learnSlowness(ms: number): void {
    this.#meanDurationMs = Math.max(this.#meanDurationMs, ms)
  }

  #prefetch(): number {
    if (!this.canPrefetch) return 0
    const most = this.concurrency * Math.min(MOST_AHEAD, AHEAD_MS / Math.max(this.#meanDurationMs, 1))
    const room = Math.floor(most) - this.#ready.length
    return room >= most * REFILL_SHARE ? room : 0
  }
}

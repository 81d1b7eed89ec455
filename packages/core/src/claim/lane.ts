import type { Attempt } from '../run/attempt.ts'
import type { ClaimedExecution, QueueDemand } from '../store/claim-store.ts'

/**
 * No more than this many times the concurrency is taken ahead (rule 19): with the slots 500 at concurrency 20, since what
 * a claim costs beside its rows is the same for one row as for 500.
 */
const MOST_AHEAD = 24
/** Work is taken ahead only as far as it should start within this time. Milliseconds. */
const AHEAD_MS = 50
/** Refilled when so much of it is used up. A claim that fetches a few costs nearly as much as one that fetches many. */
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
  /** Taken ahead of their instant, each with a slot of its own. */
  #coming: ClaimedExecution[] = []
  /** Taken ahead of a slot. */
  #ready: ClaimedExecution[] = []
  #meanDurationMs = Number.POSITIVE_INFINITY

  constructor(queue: string, concurrency: number, canPrefetch: boolean) {
    this.queue = queue
    this.concurrency = concurrency
    this.canPrefetch = canPrefetch
  }

  /** How much it can take now. */
  demand(): QueueDemand {
    const slots = Math.max(0, this.concurrency - this.running.size - this.heldCount)
    return { queue: this.queue, slots, prefetch: this.#prefetch() }
  }

  /** Whether it would take more if there were more. */
  isHungry(): boolean {
    const { slots, prefetch } = this.demand()
    return slots > 0 || prefetch > 0
  }

  /** Adds what was taken ahead, in the order of the claim. */
  hold(claimed: ClaimedExecution): void {
    if (claimed.startedAt === null) this.#ready.push(claimed)
    else this.#coming.push(claimed)
  }

  /** The next one to start: its instant has come, and its slot is free. */
  takeNext(now: number): ClaimedExecution | undefined {
    const isDue = ({ dueAt }: ClaimedExecution): boolean => dueAt <= now
    const isRoom = this.running.size + this.#coming.length < this.concurrency
    return takeFirst(this.#coming, isDue) ?? (isRoom ? takeFirst(this.#ready, isDue) : undefined)
  }

  /** When the next of what is not due yet may start, Unix milliseconds; infinite: all is due. */
  nextInstant(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#coming) if (dueAt > now && dueAt < next) next = dueAt
    for (const { dueAt } of this.#ready) if (dueAt > now && dueAt < next) next = dueAt
    return next
  }

  /** Removes what was taken ahead and not started. */
  drop(matches: (claimed: ClaimedExecution) => boolean = () => true): readonly ClaimedExecution[] {
    const dropped = this.held().filter(matches)
    if (dropped.length === 0) return dropped
    const isDropped = new Set(dropped)
    this.#coming = this.#coming.filter((claimed) => !isDropped.has(claimed))
    this.#ready = this.#ready.filter((claimed) => !isDropped.has(claimed))
    return dropped
  }

  /** Whether anything that was taken ahead waits for a slot. */
  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  get heldCount(): number {
    return this.#coming.length + this.#ready.length
  }

  /** What was taken ahead and not started. */
  held(): readonly ClaimedExecution[] {
    return [...this.#coming, ...this.#ready]
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

function takeFirst<T>(items: T[], matches: (item: T) => boolean): T | undefined {
  const index = items.findIndex(matches)
  return index < 0 ? undefined : items.splice(index, 1)[0]
}

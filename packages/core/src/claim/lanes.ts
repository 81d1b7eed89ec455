import type { Timer } from '@escapement/base'
import type { EngineContext } from '../context/engine-context.ts'
import type { ClaimedExecution, QueueDemand } from '../store/claim-store.ts'
import { Lane } from './lane.ts'

/** What was taken ahead goes back when it could not be started for this long, and at latest after twice as long. Milliseconds. */
const LONGEST_AHEAD_MS = 1_000

/** Who does what lanes decide. */
export interface LanesObserver {
  /** Its slot is free and its instant has come. */
  start(lane: Lane, claimed: ClaimedExecution): void
  /** It could not start, and may start sooner elsewhere. */
  stuck(executions: readonly ClaimedExecution[]): void
}

/** The queues that one instance serves: starts what was taken ahead in time, and lets go of what gets no turn. */
export class Lanes {
  readonly #context: EngineContext
  readonly #observer: LanesObserver
  readonly #lanes = new Map<string, Lane>()
  #returnTimer: Timer | undefined
  #instantTimer: Timer | undefined
  /** What that timer waits for, Unix milliseconds; infinite: it waits for nothing. */
  #nextInstant = Number.POSITIVE_INFINITY

  constructor(context: EngineContext, observer: LanesObserver) {
    this.#context = context
    this.#observer = observer
  }

  /** Serves a queue; a second call for the same queue changes nothing. */
  serve(queue: string, concurrency: number, canPrefetch: boolean): void {
    if (!this.#lanes.has(queue)) this.#lanes.set(queue, new Lane(queue, concurrency, canPrefetch))
  }

  of(queue: string): Lane | undefined {
    return this.#lanes.get(queue)
  }

  /** How many handlers run. */
  get running(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.running.size, 0)
  }

  /** How much each queue can take now. */
  demand(): readonly QueueDemand[] {
    return [...this.#lanes.values()].map((lane) => lane.demand())
  }

  /** Whether one of these queues would take more. */
  isHungry(queues: ReadonlySet<string>): boolean {
    for (const lane of this.#lanes.values()) if (queues.has(lane.queue) && lane.isHungry()) return true
    return false
  }

  /** Whether anything that was taken ahead waits for a slot. */
  get hasReady(): boolean {
    for (const lane of this.#lanes.values()) if (lane.hasReady) return true
    return false
  }

  /** What was taken ahead and not started. */
  held(): readonly ClaimedExecution[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.held())
  }

  /** Removes what was taken ahead and not started. */
  drop(matches: (claimed: ClaimedExecution) => boolean): readonly ClaimedExecution[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.drop(matches))
  }

  /** Starts whatever may start, and looks again when the next instant comes. */
  pump(): void {
    for (const lane of this.#lanes.values()) this.#pump(lane)
    this.#watchReady()
    this.#watchInstant()
  }

  /** A slot of the lane became free. */
  freed(lane: Lane): void {
    this.#pump(lane)
    this.#watchReady()
  }

  #pump(lane: Lane): void {
    const now = this.#context.clock.reached()
    for (let next = lane.takeNext(now); next !== undefined; next = lane.takeNext(now)) this.#observer.start(lane, next)
  }

  /** What was taken ahead of its instant starts when that has come. */
  #watchInstant(): void {
    const { clock, timers } = this.#context
    const now = clock.reached()
    let next = Number.POSITIVE_INFINITY
    for (const lane of this.#lanes.values()) next = Math.min(next, lane.nextInstant(now))
    if (next === this.#nextInstant) return
    this.#instantTimer?.cancel()
    this.#nextInstant = next
    if (next === Number.POSITIVE_INFINITY) return
    this.#instantTimer = timers.after(next - now, () => {
      this.#nextInstant = Number.POSITIVE_INFINITY
      this.pump()
    })
  }

  /** What waits for a slot, or for an instant that lies too far ahead because its clock was set back, goes back after a while. */
  #watchReady(): void {
    if (this.#returnTimer !== undefined || !this.#isHolding()) return
    const now = this.#context.clock.reached()
    const waiting = new Set(this.held().filter(({ dueAt }) => dueAt <= now || dueAt > now + LONGEST_AHEAD_MS))
    if (waiting.size === 0) return
    this.#returnTimer = this.#context.timers.after(LONGEST_AHEAD_MS, () => {
      this.#returnTimer = undefined
      this.#returnStuck(waiting)
      this.#watchReady()
    })
  }

  #isHolding(): boolean {
    for (const lane of this.#lanes.values()) if (lane.heldCount > 0) return true
    return false
  }

  #returnStuck(waiting: ReadonlySet<ClaimedExecution>): void {
    const stuck: ClaimedExecution[] = []
    for (const lane of this.#lanes.values()) {
      const dropped = lane.drop((claimed) => waiting.has(claimed))
      if (dropped.length > 0) lane.learnSlowness(LONGEST_AHEAD_MS)
      stuck.push(...dropped)
    }
    if (stuck.length > 0) this.#observer.stuck(stuck)
  }
}

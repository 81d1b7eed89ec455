import type { Executor } from './executor.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { Membership } from '../instance/membership.ts'
import { Wakeup } from '../context/wakeup.ts'
import type { ClaimResult, QueueDemand } from '../store/claim-store.ts'

/** A shared store is looked at this often although nothing was heard: it can notify, or it cannot. Milliseconds. */
const IDLE_NOTIFIED_MS = 5_000
const IDLE_POLLED_MS = 1_000
/** Ticks are claimed so long before they fall due, so that their handlers start at the instant. Milliseconds. */
const AHEAD_MS = 50
/** And looked for again so long before: what several instances look for at once, each of them may have passed over. Milliseconds. */
const AGAIN_MS = 25
/** Pause after a claim that failed, and between claims that find nothing. Milliseconds. */
const AFTER_FAILURE_MS = 250
const BETWEEN_EMPTY_MS = 2
/** Pause after a pass before hints may have another one while work is at hand, if the pass took as long. Milliseconds. */
const LONGEST_REST_MS = 50

/** Who is told what a claim pass found beside work. */
export interface DispatchObserver {
  /** Ticks of these jobs are late and wait for their verdict. */
  lateTicks(jobs: readonly string[]): void
}

/**
 * The claim loop: at every due instant, at every hint and whenever a slot is free while more is due, takes what this
 * instance can run. A claim whose reply was lost is repeated under its own token, so that nothing stays behind.
 */
export class Dispatcher {
  readonly #context: EngineContext
  readonly #membership: Membership
  readonly #executor: Executor
  readonly #observer: DispatchObserver
  readonly #wakeup: Wakeup
  readonly #handlers: ReadonlySet<string>
  readonly #idleMs: number
  #token = 0
  #lostToken: { readonly token: number; readonly instance: string } | null = null
  /** Queues in which more was due than the last claim could take. */
  #unsated: ReadonlySet<string> = new Set()
  /** Since the last pass began: somebody asked for a look, a slot became free. */
  #isHinted = false
  #hasRoom = false
  #isStopped = false
  #loop: Promise<void> | undefined
  #passing: Promise<ClaimResult | null> | undefined
  /** What the last pass said, whoever asked for it; null: it failed. */
  #last: ClaimResult | null = null
  /** When it ended. Monotonic milliseconds. */
  #endedAt = Number.NEGATIVE_INFINITY
  #passes = 0
  #emptyAt = Number.NEGATIVE_INFINITY
  /** When the last pass has been over for as long as it took. Monotonic milliseconds. */
  #restedAt = Number.NEGATIVE_INFINITY

  constructor(context: EngineContext, membership: Membership, executor: Executor, observer: DispatchObserver) {
    this.#context = context
    this.#membership = membership
    this.#executor = executor
    this.#observer = observer
    this.#wakeup = new Wakeup(context.timers)
    this.#handlers = new Set(
      [...context.jobs.values()].filter((local) => local.isAccepted).map((local) => local.spec.name),
    )
    const { shared, notify } = context.store.capabilities
    this.#idleMs = shared ? (notify ? IDLE_NOTIFIED_MS : IDLE_POLLED_MS) : Number.POSITIVE_INFINITY
  }

  /** The greatest claim token whose reply was taken in. */
  get claimedUpTo(): number {
    return this.#lostToken === null ? this.#token : this.#token - 1
  }

  /** How many passes were made: a loop that turns makes more. */
  get passes(): number {
    return this.#passes
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Looks for work soon. */
  wake(): void {
    this.#isHinted = true
    this.#wakeup.wake()
  }

  /**
   * A slot became free: worth a claim only when more was due than could be taken. The reply of a claim under way says
   * whether more is due, and may fill the slot itself.
   */
  roomMade(): void {
    this.#hasRoom = true
    if (this.#passing !== undefined) return
    const isHintDue = this.#isHinted && !this.#executor.hasReady
    if (isHintDue || this.#executor.isHungry(this.#unsated)) this.#wakeup.wake()
  }

  /** Takes no more work; resolves when the last claim under way is over and what it took was given back. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wakeup.wake()
    await this.#loop
    await this.#executor.returnReady()
  }

  /**
   * Gives back what was taken ahead, and what the claim under way brings of it: only the ticks of a job, or what is in a
   * queue, when that was paused.
   */
  async returnReady(only: { readonly ticksOf?: string; readonly queue?: string } = {}): Promise<void> {
    await this.#passing
    await this.#executor.returnReady(only)
  }

  /** One claim pass now; null when it failed or must not be made. Concurrent callers share one. */
  pass(): Promise<ClaimResult | null> {
    this.#passing ??= this.#pass().then((result) => {
      this.#passing = undefined
      this.#last = result
      this.#endedAt = this.#context.runtime.monotonic()
      this.#wakeup.wake() // the loop goes by what this pass has seen: it has taken up the hints until then
      return result
    })
    return this.#passing
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.pass()
      let wasWoken = true
      for (let pauseMs = this.#pauseMs(); wasWoken && pauseMs > 0; pauseMs = this.#pauseMs()) {
        wasWoken = await this.#wakeup.wait(pauseMs)
      }
      // Handlers that end in the same turn make room together.
      if (this.#isToBeFilled()) await this.#context.runtime.sleep(0)
    }
  }

  /** How long no pass is due, as far as is known now. */
  #pauseMs(): number {
    if (this.#isStopped || this.#isToBeFilled()) return 0
    const scheduledMs = this.#last === null ? this.#leftOf(AFTER_FAILURE_MS) : this.#untilScheduled(this.#last)
    return this.#isHinted ? Math.min(scheduledMs, this.#untilHeeded()) : scheduledMs
  }

  /** Whether there is room for what the last pass had to leave. */
  #isToBeFilled(): boolean {
    const isProgressing = this.#last !== null && (this.#last.executions.length > 0 || this.#hasRoom)
    return isProgressing && this.#executor.isHungry(this.#unsated)
  }

  #untilScheduled({ nextDueAt, now }: ClaimResult): number {
    const idleMs = this.#leftOf(this.#idleMs)
    if (nextDueAt === null) return idleMs
    const passAt = nextDueAt - this.#nextLookMs(nextDueAt - now)
    return Math.min(idleMs, Math.max(0, passAt - this.#context.clock.now()))
  }

  /** How long before its instant something is looked for next that was left `leftMs` before it. */
  #nextLookMs(leftMs: number): number {
    if (leftMs > AHEAD_MS) return AHEAD_MS
    const isFirst = leftMs > (AHEAD_MS + AGAIN_MS) / 2
    return isFirst && this.#context.store.capabilities.shared ? AGAIN_MS : 0 // or it cannot be taken before its time
  }

  /** What is left of a pause that began when the last pass ended, however often it was looked at since. */
  #leftOf(pauseMs: number): number {
    return Math.max(0, this.#endedAt + pauseMs - this.#context.runtime.monotonic())
  }

  /**
   * Hints may come in swarms: two passes that find nothing lie some milliseconds apart, and while work at hand waits for a
   * slot, passes for hints take no more than half of the time.
   */
  #untilHeeded(): number {
    const heededAt = Math.max(this.#emptyAt + BETWEEN_EMPTY_MS, this.#executor.hasReady ? this.#restedAt : 0)
    return Math.max(0, heededAt - this.#context.runtime.monotonic())
  }

  async #pass(): Promise<ClaimResult | null> {
    const { clock, runtime, store, namespace } = this.#context
    this.#hasRoom = false
    this.#isHinted = false
    try {
      if (this.#membership.lease.remainingMs() === 0) await this.#membership.beat()
      if (this.#membership.lease.remainingMs() === 0) return null
      const instance = this.#membership.id
      const lost = this.#lostToken?.instance === instance ? this.#lostToken.token : null
      const token = lost ?? ++this.#token
      this.#lostToken = { token, instance }
      this.#passes++
      const sentAt = runtime.monotonic()
      const queues = this.#isStopped ? [] : this.#executor.demand()
      const result = await store.claim(namespace, {
        instance,
        token,
        isRepeat: lost !== null,
        queues,
        aheadMs: AHEAD_MS,
        handlers: this.#handlers,
      })
      this.#lostToken = null
      clock.observe(result.now, sentAt)
      const endedAt = runtime.monotonic()
      this.#restedAt = endedAt + Math.min(endedAt - sentAt, LONGEST_REST_MS)
      this.#unsated = unsatedQueues(queues, result)
      await this.#take(result, instance)
      return result.isAlive ? result : null
    } catch (error) {
      this.#context.report(error, 'claim')
      return null
    }
  }

  async #take(result: ClaimResult, instance: string): Promise<void> {
    if (!result.isAlive) {
      await this.#membership.beat()
      return
    }
    if (instance !== this.#membership.id) return // it has died meanwhile: recovery gives back what it was granted
    if (result.executions.length === 0 && !result.hasMore) this.#emptyAt = this.#context.runtime.monotonic()
    if (this.#isStopped) await this.#executor.handBack(result.executions)
    else this.#executor.accept(result.executions, instance)
    for (const id of result.cancelRequested) this.#executor.cancel(id, 'system:overlap')
    for (const tick of result.dropped) this.#context.events.emit('tick:dropped', tick)
    if (result.lateJobs.length > 0) this.#observer.lateTicks(result.lateJobs)
  }
}

/** Of the queues that were asked for, those whose slots are all taken: what was left behind for want of demand is in these. */
function unsatedQueues(queues: readonly QueueDemand[], { hasMore, executions }: ClaimResult): ReadonlySet<string> {
  if (!hasMore) return new Set()
  const taken = new Map<string, number>()
  for (const { queue } of executions) taken.set(queue, (taken.get(queue) ?? 0) + 1)
  return new Set(queues.filter(({ queue, slots }) => (taken.get(queue) ?? 0) >= slots).map(({ queue }) => queue))
}

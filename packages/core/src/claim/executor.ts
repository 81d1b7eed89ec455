import { withContext } from '@escapement/base'
import type { Lane } from './lane.ts'
import { Lanes, type LanesObserver } from './lanes.ts'
import { CancelledError } from '../error/cancelled-error.ts'
import { LeaseLostError } from '../error/lease-lost-error.ts'
import { StoppingError } from '../error/stopping-error.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { Holding } from '../instance/membership.ts'
import { callStore } from '../context/store-caller.ts'
import { abandonedSettlement, afterAbandonment, settlementOf } from '../settle/settlement-of.ts'
import { announceSettlement } from '../settle/announce-settlement.ts'
import { Settler } from '../settle/settler.ts'
import type { ClaimedExecution, QueueDemand } from '../store/claim-store.ts'
import type { Settlement, SettleResult } from '../store/settle-store.ts'
import { Attempt, type AttemptObserver, type HandlerEnd } from '../run/attempt.ts'
import { earlierOf, type LeaseDeadline } from '../run/lease-deadline.ts'
import { isTakenAhead } from '../run/taken-ahead.ts'
import { ProgressReporter } from './progress-reporter.ts'
import { StartReporter } from './start-reporter.ts'

/** No new work while this many ends wait for the store. */
const MOST_UNSETTLED = 2_000

/** Runs what was claimed: attempts, their ends and settlements. */
export class Executor implements AttemptObserver, LanesObserver {
  readonly settler: Settler
  readonly #context: EngineContext
  readonly #lease: LeaseDeadline
  readonly #lanes: Lanes
  /** By execution id: running, abandoned, or ended and not yet confirmed by the store. */
  readonly #attempts = new Map<string, Attempt>()
  /** Their lease ended or went to someone else, their handlers still run: the fence will judge what they bring. */
  readonly #lost = new Set<Attempt>()
  readonly #progress: ProgressReporter
  readonly #starts: StartReporter
  readonly #onRoom: () => void
  /** The id under which the last claim was made; what another one claimed is not held any more. */
  #instance = ''
  #lastTickAt: number | null = null
  #idleWaiters: (() => void)[] = []

  /** @param onRoom - Called when a slot became free or a verdict was stored, so that more can be claimed. */
  constructor(context: EngineContext, lease: LeaseDeadline, onRoom: () => void) {
    this.#context = context
    this.#lease = lease
    this.#onRoom = onRoom
    this.#lanes = new Lanes(context, this)
    this.settler = new Settler(context)
    this.#progress = new ProgressReporter(context)
    this.#starts = new StartReporter(context)
  }

  /** How many handlers run here. */
  get running(): number {
    return this.#lanes.running
  }

  /** How many attempts hold something: running, abandoned or unconfirmed. */
  get held(): number {
    return this.#attempts.size + this.#lost.size
  }

  /** When a tick's execution was last started here, Unix milliseconds on the server's clock; null: never. */
  get lastTickAt(): number | null {
    return this.#lastTickAt
  }

  /** Attempts whose handler ignores its signal. */
  get abandonedCount(): number {
    return [...this.#attempts.values()].filter((attempt) => attempt.abandonedAt !== null).length
  }

  /** Serves a queue; a second call for the same queue changes nothing. */
  serve(queue: string, concurrency: number, canPrefetch: boolean): void {
    this.#lanes.serve(queue, concurrency, canPrefetch)
  }

  concurrencyOf(queue: string): number | null {
    return this.#lanes.of(queue)?.concurrency ?? null
  }

  /** How much each queue can take now; no work beyond the judging while too many ends are unconfirmed. */
  demand(): readonly QueueDemand[] {
    const demand = this.#lanes.demand()
    return this.#isChoked() ? demand.map(({ queue }) => ({ queue, slots: 0, prefetch: 0 })) : demand
  }

  /** Whether one of these queues would take more. */
  isHungry(queues: ReadonlySet<string>): boolean {
    return !this.#isChoked() && this.#lanes.isHungry(queues)
  }

  /** Whether work that was taken ahead waits for a slot. */
  get hasReady(): boolean {
    return this.#lanes.hasReady
  }

  #isChoked(): boolean {
    return this.settler.size > MOST_UNSETTLED
  }

  /** Everything that the next heartbeat must speak for. */
  holding(): readonly Holding[] {
    const claimed = [...this.#attempts.values()].map((attempt) => attempt.claimed)
    return [...claimed, ...this.#lanes.held()].map(({ id, fence }) => ({ executionId: id, fence }))
  }

  /** Takes what was claimed: starts what may start, keeps the rest ready. */
  accept(executions: readonly ClaimedExecution[], instance: string): void {
    this.#instance = instance
    for (const claimed of executions) {
      const lane = this.#lanes.of(claimed.queue)
      if (lane === undefined || this.#attempts.has(claimed.id)) continue
      if (isTakenAhead(claimed)) lane.hold(claimed)
      else this.start(lane, claimed)
    }
    this.#lanes.pump()
  }

  /** Asks the handler of an execution to end, if it runs here. */
  cancel(executionId: string, by: string | null): boolean {
    const attempt = this.#attempts.get(executionId)
    if (attempt === undefined) return this.#cancelAhead(executionId)
    attempt.cancelledBy ??= by
    attempt.abort(
      'cancel',
      new CancelledError(`execution ${executionId} was cancelled${by === null ? '' : ` by ${by}`}`),
    )
    return true
  }

  /** What has not started is given back, which ends it. */
  #cancelAhead(executionId: string): boolean {
    const dropped = this.#lanes.drop(({ id }) => id === executionId)
    void this.handBack(dropped)
    return dropped.length > 0
  }

  /** The lease ended, or these executions went to someone else: their handlers must stop. */
  lose(holdings: readonly Holding[] = this.holding()): void {
    const fences = new Map(holdings.map(({ executionId, fence }) => [executionId, fence]))
    const isLost = (claimed: ClaimedExecution): boolean => fences.get(claimed.id) === claimed.fence
    for (const [id, attempt] of this.#attempts) {
      if (attempt.hasEnded || !isLost(attempt.claimed)) continue // one that has been claimed again since is not meant
      this.#attempts.delete(id)
      this.#lost.add(attempt)
      this.#context.events.emit('execution:lost', { ...attempt.eventFields(), wasResultRefused: false })
      attempt.abort('lease', new LeaseLostError(`the lease of execution ${id} has ended: someone else may run it`))
    }
    this.#lanes.drop(isLost)
  }

  /** The lease was renewed. */
  leaseRenewed(): void {
    for (const attempt of this.#attempts.values()) attempt.leaseExtended()
  }

  /** Gives back what was taken ahead and not started; only the ticks of a job, or what is in a queue, when that was paused. */
  async returnReady({ ticksOf, queue }: { readonly ticksOf?: string; readonly queue?: string } = {}): Promise<void> {
    const matches = (claimed: ClaimedExecution): boolean =>
      (queue === undefined || claimed.queue === queue) &&
      (ticksOf === undefined || (claimed.job === ticksOf && claimed.isTick))
    await this.handBack(this.#lanes.drop(matches))
  }

  /** Gives back what was claimed and not started. */
  async handBack(executions: readonly ClaimedExecution[]): Promise<void> {
    if (executions.length === 0) return
    const { runtime, store, namespace } = this.#context
    const handed = executions.map((claimed) => ({ executionId: claimed.id, fence: claimed.fence }))
    try {
      await callStore(runtime, () => store.handBack(namespace, handed), { forMs: this.#lease.remainingMs() })
    } catch (error) {
      this.#context.report(error, 'hand back') // the lease ends, and whoever recovers it gives it back
    }
  }

  /** Resolves when no handler runs and every end is confirmed. */
  async idle(): Promise<void> {
    while (this.held > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  /** Aborts every handler that still runs, because the instance stops. */
  abortAll(): void {
    for (const attempt of [...this.#attempts.values(), ...this.#lost]) {
      attempt.abort('stop', new StoppingError('the instance is stopping and its grace period is over'))
    }
  }

  /** Ends isolated handlers with their threads and processes. */
  async terminateAll(): Promise<void> {
    await Promise.all([...this.#attempts.values(), ...this.#lost].map((attempt) => attempt.terminate()))
  }

  ended(attempt: Attempt, end: HandlerEnd, wasAbandoned: boolean): void {
    this.#release(attempt)
    if (this.#attempts.get(attempt.claimed.id) !== attempt && !this.#lost.has(attempt)) return // it was given up before
    const isFinal = wasAbandoned && attempt.cause !== 'lease'
    const settlement = isFinal
      ? afterAbandonment(this.#context, attempt, true)
      : settlementOf(this.#context, attempt, end)
    this.#settle(attempt, settlement)
  }

  abandoned(attempt: Attempt): void {
    this.#context.events.emit('execution:abandoned', attempt.eventFields())
    this.#release(attempt)
    if (attempt.cause === 'lease') return
    this.settler.add(abandonedSettlement(this.#context, attempt), (result) => {
      if (result?.result === 'stale') this.#forget(attempt)
    })
  }

  expired(attempt: Attempt): void {
    if (attempt.cause === 'lease') return this.#forget(attempt)
    this.#settle(attempt, afterAbandonment(this.#context, attempt, false))
  }

  progressed(attempt: Attempt, progress: number): void {
    this.#progress.add(attempt.claimed, progress)
    this.#context.events.emit('execution:progress', { ...attempt.eventFields(), progress })
  }

  start(lane: Lane, claimed: ClaimedExecution): void {
    const { clock, events, jobs, options } = this.#context
    const local = jobs.get(claimed.job)
    const lease = earlierOf(this.#lease, claimed.lease)
    if (local === undefined || lease.remainingMs() === 0) return // recovery gives it back
    const attempt = new Attempt(this.#context, local, claimed, this.#instance, lease, this)
    this.#attempts.set(claimed.id, attempt)
    const lost = (): void => this.lose([{ executionId: claimed.id, fence: claimed.fence }])
    claimed.lease?.signal.addEventListener('abort', lost, { once: true })
    lane.running.add(attempt)
    if (claimed.startedAt === null) this.#starts.add(attempt)
    if (claimed.isTick) this.#lastTickAt = clock.now()
    const latenessMs = Math.max(0, attempt.startedAt - claimed.dueAt)
    events.emit('execution:started', { ...attempt.eventFields(), latenessMs })
    if (latenessMs > options.lateAfterMs) events.emit('execution:late', { ...attempt.eventFields(), latenessMs })
    attempt.start()
  }

  stuck(executions: readonly ClaimedExecution[]): void {
    void this.handBack(executions)
  }

  #release(attempt: Attempt): void {
    const lane = this.#lanes.of(attempt.claimed.queue)
    if (lane === undefined || !lane.running.delete(attempt)) return
    lane.learnDuration(this.#context.clock.now() - attempt.startedAt)
    this.#lanes.freed(lane)
    this.#onRoom()
  }

  #settle(attempt: Attempt, settlement: Settlement): void {
    this.#starts.remove(attempt)
    this.#progress.remove(attempt.claimed.id)
    this.settler.add(settlement, (result) => {
      this.#forget(attempt)
      this.#announce(attempt, settlement, result)
      this.#onRoom()
    })
  }

  #forget(attempt: Attempt): void {
    const { id } = attempt.claimed
    if (this.#attempts.get(id) === attempt) this.#attempts.delete(id)
    this.#lost.delete(attempt)
    if (this.held > 0) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #announce(attempt: Attempt, settlement: Settlement, result: SettleResult | null): void {
    if (result === null) return
    announceSettlement(this.#context.events, attempt, settlement, result)
    const { onFailed } = attempt.local.job
    const hasFailed = result.result === 'settled' && (result.status === 'failed' || result.status === 'timed_out')
    if (onFailed === undefined || !hasFailed) return
    const failure = { error: settlement.error, attempts: attempt.claimed.attempt, executionId: attempt.claimed.id }
    withContext({ principal: attempt.local.principal, executionId: attempt.claimed.id }, () => {
      Promise.resolve()
        .then(() => onFailed({ ...failure, job: attempt.claimed.job, scheduledFor: attempt.claimed.scheduledFor }))
        .catch((error: unknown) => this.#context.report(error, `onFailed of job "${attempt.claimed.job}"`))
    })
  }
}

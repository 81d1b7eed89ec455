import { planRange } from './plan-range.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'
import { Wakeup } from '../context/wakeup.ts'
import type { DueJob, PlanEntry } from '../store/plan-store.ts'
import type { PlannerTurn } from './planner-turn.ts'

const JOBS_A_PASS = 200
const LATE_TICKS_A_JOB = 1_000
const TICKS_AN_ENTRY = 200
/** Rows in one transaction. */
const ROWS_A_CALL = 500
/** Other processes may register jobs unheard. Milliseconds. */
const IDLE_SHARED_MS = 5_000
const AFTER_FAILURE_MS = 500
/** For how long a caller waits while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Turns schedules into rows ahead of time (rule 10): from the stored definitions, up to the horizon, a batch of jobs a
 * pass, each by compare and set. Any number of planners may run: the ledger takes each tick once.
 */
export class Planner {
  readonly #context: EngineContext
  readonly #turn: PlannerTurn
  readonly #wakeup: Wakeup
  readonly #late = new Set<string>()
  #isStopped = false
  #loop: Promise<void> | undefined
  #passing: Promise<number> | undefined

  constructor(context: EngineContext, turn: PlannerTurn) {
    this.#context = context
    this.#turn = turn
    this.#wakeup = new Wakeup(context.timers)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Plans soon: a job was registered, or ticks are late and wait for their verdict. */
  wake(lateJobs: readonly string[] = []): void {
    for (const job of lateJobs) this.#late.add(job)
    this.#wakeup.wake()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wakeup.wake()
    await this.#loop
    await this.#turn.end()
  }

  /**
   * One pass now; concurrent callers share one.
   *
   * @returns After how many milliseconds the next one is worth while.
   */
  pass(): Promise<number> {
    this.#passing ??= this.#pass().finally(() => {
      this.#passing = undefined
    })
    return this.#passing
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      let waitMs = AFTER_FAILURE_MS
      try {
        waitMs = await this.pass()
      } catch (error) {
        this.#context.report(error, 'plan')
      }
      await this.#wakeup.wait(waitMs)
    }
  }

  async #pass(): Promise<number> {
    const { clock, runtime, store, namespace, options } = this.#context
    const late = [...this.#late]
    const sentAt = runtime.monotonic()
    const until = clock.now() + options.horizonMs
    const due = await store.dueJobs(namespace, {
      until,
      limit: JOBS_A_PASS,
      late,
      maxLateTicks: LATE_TICKS_A_JOB,
    })
    clock.observe(due.now, sentAt)
    const gone = due.jobs.filter((job) => !job.hasLiveHandler).map((job) => job.state.name)
    if (gone.length > 0) await store.markAbsent(namespace, gone)
    const open = await this.#plan(
      due.jobs.filter((job) => job.hasLiveHandler),
      due.now,
      until,
    )
    for (const job of late) if (!open.names.has(job)) this.#late.delete(job)
    if (open.names.size > 0 || due.jobs.length === JOBS_A_PASS) return 0
    return this.#waitFor(Math.min(due.nextTickAt ?? Number.POSITIVE_INFINITY, open.nextTickAt))
  }

  /** @returns Jobs that want another pass, and the next tick of those that do not. */
  async #plan(
    jobs: readonly DueJob[],
    now: number,
    until: number,
  ): Promise<{ readonly names: ReadonlySet<string>; readonly nextTickAt: number }> {
    const names = new Set<string>()
    let nextTickAt = Number.POSITIVE_INFINITY
    let batch: PlanEntry[] = []
    let rows = 0
    const write = async (): Promise<void> => {
      if (batch.length === 0) return
      const entries = batch
      batch = []
      rows = 0
      const results = await store.plan(namespace, entries)
      results.forEach((result, index) => {
        const entry = entries[index]
        if (result === 'conflict' && entry !== undefined) names.add(entry.job)
      })
    }
    const { runtime, store, namespace } = this.#context
    for (const { state, queuePauses, lateTicks, hasLiveHandler } of jobs) {
      const { entry, isComplete } = planRange({
        state,
        queuePauses,
        lateTicks,
        maxLateTicks: LATE_TICKS_A_JOB,
        hasLiveHandler,
        now,
        until,
        runtimeId: () => runtime.id(),
        maxTicks: TICKS_AN_ENTRY,
      })
      if (!isComplete) names.add(state.name)
      nextTickAt = Math.min(nextTickAt, entry.nextTickAt ?? Number.POSITIVE_INFINITY)
      batch.push(entry)
      rows += entry.executions.length + entry.spans.length + entry.fold.length + entry.keep.length
      if (rows >= ROWS_A_CALL) await write()
    }
    await write()
    return { names, nextTickAt }
  }

  async #waitFor(nextTickAt: number): Promise<number> {
    const { clock, store, options } = this.#context
    const idleMs = store.capabilities.shared ? IDLE_SHARED_MS : Number.POSITIVE_INFINITY
    if (nextTickAt === Number.POSITIVE_INFINITY) return idleMs
    const aheadMs = options.horizonMs * (await this.#turn.share())
    return Math.min(idleMs, Math.max(0, nextTickAt - aheadMs - clock.now()))
  }
}

/**
 * Plans one job up to now, whatever the loop does, and judges what is late of it: its definition is about to change, or
 * its handlers come back.
 *
 * @param isCertain - Whether to plan also while nobody has a handler: the schedule that made these ticks is about to go.
 * @returns Where its cursor stands now; null when the job has moved meanwhile or more is left to do: look again.
 */
export async function planJobUpToNow(context: EngineContext, job: string, isCertain: boolean): Promise<number | null> {
  const { runtime, store, namespace } = context
  const request = { until: Number.MIN_SAFE_INTEGER, limit: 0, late: [job], maxLateTicks: LATE_TICKS_A_JOB }
  const { jobs, now } = await callStore(runtime, () => store.dueJobs(namespace, request), { forMs: PATIENCE_MS })
  const due = jobs.find(({ state }) => state.name === job)
  if (due === undefined) return null
  const { entry, isComplete } = planRange({
    state: due.state,
    queuePauses: due.queuePauses,
    lateTicks: due.lateTicks,
    maxLateTicks: LATE_TICKS_A_JOB,
    hasLiveHandler: due.hasLiveHandler || isCertain,
    now,
    until: Math.max(now, due.state.plannedUntil),
    runtimeId: () => runtime.id(),
    maxTicks: TICKS_AN_ENTRY,
  })
  const [result] = await callStore(runtime, () => store.plan(namespace, [entry]), { forMs: PATIENCE_MS })
  return result === 'planned' && isComplete ? entry.plannedUntil : null
}

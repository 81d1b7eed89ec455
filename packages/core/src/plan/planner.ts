import type { EngineContext } from '../context/engine-context.ts'
import { Wakeup } from '../context/wakeup.ts'
import { LATE_TICKS_A_JOB, planJobs } from './plan-jobs.ts'
import type { PlannerTurn } from './planner-turn.ts'

const JOBS_A_PASS = 200
/** Other processes may register jobs unheard. Milliseconds. */
const IDLE_SHARED_MS = 5_000
const AFTER_FAILURE_MS = 500

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
    const planned = await planJobs(this.#context, {
      jobs: due.jobs.filter((job) => job.hasLiveHandler),
      now: due.now,
      until,
      write: (entries) => store.plan(namespace, entries),
    })
    const open = new Set(planned.filter(({ isDone }) => !isDone).map(({ entry }) => entry.job))
    for (const job of late) if (!open.has(job)) this.#late.delete(job)
    if (open.size > 0 || due.jobs.length === JOBS_A_PASS) return 0
    const nextTicks = planned.map(({ entry }) => entry.nextTickAt ?? Number.POSITIVE_INFINITY)
    return this.#waitFor(Math.min(due.nextTickAt ?? Number.POSITIVE_INFINITY, ...nextTicks))
  }

  async #waitFor(nextTickAt: number): Promise<number> {
    const { clock, store, options } = this.#context
    const idleMs = store.capabilities.shared ? IDLE_SHARED_MS : Number.POSITIVE_INFINITY
    if (nextTickAt === Number.POSITIVE_INFINITY) return idleMs
    const aheadMs = options.horizonMs * (await this.#turn.share())
    return Math.min(idleMs, Math.max(0, nextTickAt - aheadMs - clock.now()))
  }
}

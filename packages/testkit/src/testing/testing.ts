import { type Duration, InvalidOptionError, type Runtime } from '@escapement/base'
import type { AnyJob, Attempt, Execution, Scheduler, TickVerdict } from '@escapement/core'
import type { VirtualRuntime } from '../runtime/virtual-runtime.ts'

/** How far `runTick` looks for a next tick: beyond a 29 February that a century skips. */
const LOOK_AHEAD_MS = 9 * 366 * 86_400_000

/** One tick that a test let happen. */
export interface TickRun {
  readonly verdict: TickVerdict
  /** Null: the tick did not run; `verdict` says why. */
  readonly execution: Execution | null
  /** Oldest first. */
  readonly attempts: readonly Attempt[]
}

/** What a test does with a scheduler in virtual time. Each method starts the scheduler if nobody has. */
export interface SchedulerTesting {
  /**
   * Lets time pass until a tick of the job and on until it has its verdict, retries included.
   *
   * @param at - The tick, a Date or Unix milliseconds. Default: the next one.
   * @throws {@link InvalidOptionError} when the job has no tick then, or none to come.
   */
  runTick(job: AnyJob | string, at?: Date | number): Promise<TickRun>
  /** Lets just as much time pass as what is due needs to be done. */
  drain(): Promise<void>
  /** Lets time pass; all that falls due before its end happens at its own instant. */
  advance(duration: Duration): Promise<void>
}

/** Verdicts that something else will follow. */
const UNDECIDED: ReadonlySet<TickVerdict['verdict']> = new Set(['planned', 'pending', 'scheduled', 'running'])

/**
 * Drives a scheduler that was made with `runtime: virtualRuntime()`: a day of it takes milliseconds.
 *
 * @example
 * const runtime = virtualRuntime({ startAt: Date.parse('2026-03-01T08:00:00Z') })
 * const scheduler = createScheduler({ jobs: [expire], runtime })
 * const { execution } = await testing(scheduler).runTick('keys.expire')
 */
export function testing(scheduler: Scheduler): SchedulerTesting {
  const runtime = virtual(scheduler.runtime)
  const start = (): Promise<void> => runtime.runUntil(scheduler.start())

  const verdictAt = async (job: AnyJob | string, at: number): Promise<TickVerdict> => {
    const [verdict] = await scheduler.ticks(job, { from: at, to: at })
    if (verdict === undefined) throw noTick(job, `at ${new Date(at).toISOString()}`)
    return verdict
  }
  const nextTick = async (job: AnyJob | string): Promise<number> => {
    const from = runtime.now() + 1
    const [next] = await scheduler.ticks(job, { from, to: from + LOOK_AHEAD_MS, limit: 1 })
    if (next === undefined) throw noTick(job, 'to come')
    return next.scheduledFor
  }

  return {
    runTick: async (job, at) => {
      await start()
      const instant = at === undefined ? await nextTick(job) : Number(at)
      await verdictAt(job, instant)
      if (instant > runtime.now()) await runtime.advanceTo(instant)
      const verdict = await runtime.runUntil(async () => {
        const found = await verdictAt(job, instant)
        return UNDECIDED.has(found.verdict) ? null : found
      }, '30d')
      if (verdict === null) throw noTick(job, 'that was decided')
      const detail = verdict.executionId === null ? null : await scheduler.execution(verdict.executionId)
      return { verdict, execution: detail?.execution ?? null, attempts: detail?.attempts ?? [] }
    },
    drain: async () => {
      await start()
      await runtime.runUntil(scheduler.drain())
    },
    advance: async (duration) => {
      await start()
      await runtime.advance(duration)
    },
  }
}

function virtual(runtime: Runtime): VirtualRuntime {
  if ('runUntil' in runtime && 'advanceTo' in runtime) return runtime as VirtualRuntime
  throw new InvalidOptionError(
    'testing() was given a scheduler in real time: make it with createScheduler({ …, runtime: virtualRuntime() })',
  )
}

function noTick(job: AnyJob | string, when: string): InvalidOptionError {
  return new InvalidOptionError(`Job "${typeof job === 'string' ? job : job.name}" has no tick ${when}`)
}

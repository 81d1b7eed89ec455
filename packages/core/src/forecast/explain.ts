import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import type { JobSpec } from '../job/job-spec.ts'
import { planRange } from '../plan/plan-range.ts'
import { judgePunctualTicks } from '../policy/overlap.ts'
import type { JobState } from '../store/job-state.ts'
import { type Instant, instantMs } from '../trigger/instant.ts'
import { nextTick } from '../trigger/next-tick.ts'
import { eachTick, specsOf } from './each-tick.ts'

/** Options of {@link explain}. */
export interface ExplainOptions {
  readonly jobs: readonly AnyJob[]
  /** When no instance runs: from the first instant, inclusive, until one is back, at the last. */
  readonly downtime: { readonly from: Instant; readonly to: Instant }
  /** The zone of cron patterns that name none. Default `UTC`, as of `createScheduler`. */
  readonly timezone?: string
}

/** Ticks that meet the same fate; instants in Unix milliseconds, null when there are none. */
export interface TickGroup {
  readonly count: number
  readonly first: number | null
  readonly last: number | null
}

/** What becomes of the ticks of one job in a downtime. */
export interface Explanation {
  readonly job: string
  /** Ticks that run once the cluster is back. */
  readonly run: TickGroup
  /** Ticks that a later one runs for. */
  readonly coalesced: TickGroup
  /** Ticks that do not run. */
  readonly skipped: TickGroup
  /** One sentence: why. */
  readonly because: string
}

const OPTIONS: NamesOf<ExplainOptions> = { jobs: true, downtime: true, timezone: true }
const DOWNTIME: NamesOf<ExplainOptions['downtime']> = { from: true, to: true }

/**
 * Which ticks would run, be coalesced or be skipped if the whole cluster were down, by the planner that runs in
 * production. Jobs are taken to be idle, enabled and planned up to the beginning of the downtime.
 *
 * @returns One answer a job, in the order given.
 * @throws {@link InvalidOptionError} naming the option; also for more than a million ticks.
 */
export function explain(options: ExplainOptions): readonly Explanation[] {
  checkNames('explain', options, OPTIONS)
  const { jobs, downtime, timezone = 'UTC' } = options
  checkNames('downtime of explain', downtime, DOWNTIME)
  const from = instantMs(downtime.from, 'from of downtime')
  const to = instantMs(downtime.to, 'to of downtime')
  if (to < from) throw new InvalidOptionError('to of downtime lies before its from; give a later instant')
  const specs = specsOf('explain', jobs, timezone)
  eachTick('explain', specs, { from, to })
  return specs.map((spec) => explainJob(spec, from, to))
}

function explainJob(spec: JobSpec, from: number, to: number): Explanation {
  const run = new Group()
  const coalesced = new Group()
  const skipped = new Group()
  const punctual: { executionId: string; scheduledFor: number }[] = []
  const waiting: { executionId: string; isPunctual: boolean }[] = []
  let ids = 0
  let state = idleState(spec, from)
  for (let isComplete = false; !isComplete; ) {
    const range = planRange({
      state,
      queuePauses: [],
      lateTicks: [],
      hasLiveHandler: true,
      now: to,
      until: to,
      runtimeId: () => String(++ids),
      maxTicks: Number.POSITIVE_INFINITY,
    })
    const { executions, spans, plannedUntil, nextTickAt } = range.entry
    for (const span of spans) (span.reason === 'coalesced' ? coalesced : skipped).add(span.from, span.to, span.count)
    for (const { id, scheduledFor, isJudged } of executions) {
      if (scheduledFor === null) continue
      if (isJudged) {
        run.add(scheduledFor)
        waiting.push({ executionId: id, isPunctual: false })
      } else punctual.push({ executionId: id, scheduledFor })
    }
    state = { ...state, plannedUntil, nextTickAt }
    isComplete = range.isComplete
  }
  const keep = new Set(
    judgePunctualTicks({ overlap: spec.overlap, pauses: [], ticks: punctual, open: [], waiting }).keep,
  )
  for (const { executionId, scheduledFor } of punctual) (keep.has(executionId) ? run : skipped).add(scheduledFor)
  const because = reason(spec, { late: waiting.length, punctual: keep.size, run, coalesced, skipped })
  return { job: spec.name, run: run.group, coalesced: coalesced.group, skipped: skipped.group, because }
}

/** A job that nothing is left to do of before the downtime. */
function idleState(spec: JobSpec, from: number): JobState {
  const plannedUntil = from - 1
  return {
    name: spec.name,
    current: { job: spec.name, revision: 1, hash: '', spec, version: null, effectiveFrom: 0, effectiveUntil: null },
    plannedUntil,
    nextTickAt: nextTick(spec.triggers, spec.name, plannedUntil),
    firstRegisteredAt: plannedUntil,
    pauses: [],
    absentSince: null,
    retiredAt: null,
  }
}

class Group {
  #count = 0
  #first: number | null = null
  #last: number | null = null

  get group(): TickGroup {
    return { count: this.#count, first: this.#first, last: this.#last }
  }

  add(first: number, last: number = first, count = 1): void {
    this.#count += count
    this.#first = Math.min(first, this.#first ?? first)
    this.#last = Math.max(last, this.#last ?? last)
  }
}

interface Counts {
  /** Missed ticks that run. */
  readonly late: number
  /** Ticks that fall due as the cluster comes back, and run. */
  readonly punctual: number
  readonly run: Group
  readonly coalesced: Group
  readonly skipped: Group
}

function reason({ misfire }: JobSpec, { late, punctual, run, coalesced, skipped }: Counts): string {
  const skippedCount = skipped.group.count
  if (run.group.count + coalesced.group.count + skippedCount === 0) return 'No tick falls into the downtime.'
  const parts: string[] = []
  if (late > 0 && misfire.policy === 'once')
    parts.push(`misfire 'once' runs the latest of ${coalesced.group.count + late} missed`)
  else if (late > 0) parts.push(`misfire 'all' runs the latest ${late} missed, at most ${misfire.max}`)
  if (punctual > 0) parts.push(`${punctual} due within 5 s of the return run on time`)
  if (skippedCount > 0) {
    const why = misfire.policy === 'skip' ? "misfire 'skip' lets missed ticks go" : skippedWhy(misfire)
    parts.push(`${skippedCount} do not run: ${why}, or another execution of the job comes first`)
  }
  const text = parts.join('; ')
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`
}

function skippedWhy({ withinMs, policy, max }: JobSpec['misfire']): string {
  const old = `they are older than ${withinMs / 60_000} min`
  return policy === 'all' ? `${old} or beyond the latest ${max}` : old
}

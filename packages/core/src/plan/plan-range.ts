import type { JobSpec } from '../job/job-spec.ts'
import { judgeMissed } from '../policy/misfire.ts'
import { PUNCTUAL_MS } from '../policy/overlap.ts'
import type { JobState, PauseWindow } from '../store/job-state.ts'
import type { LateTick, NewExecution, PlanEntry } from '../store/plan-store.ts'
import { nextTick, ticksBetween } from '../trigger/next-tick.ts'
import { SpanFolder } from './span-folder.ts'

/** After this many ticks that are too old to run, a step ends, so that a year of outage does not block the event loop. */
const MOST_FOLDED = 10_000

/** One job that is to be planned. Instants in Unix milliseconds, server clock. */
export interface PlanCase {
  readonly state: JobState
  /** Pauses of the job's queue. */
  readonly queuePauses: readonly PauseWindow[]
  /** Rows without a verdict that are late, oldest first. */
  readonly lateTicks: readonly LateTick[]
  /** How many late rows were asked for; so many may not be all. Absent: none were, so nothing is known of them. */
  readonly maxLateTicks?: number
  /** Whether any live instance has a handler for the job. */
  readonly hasLiveHandler: boolean
  readonly now: number
  /** How far to plan, inclusive. */
  readonly until: number
  /** A new id for an execution. */
  readonly runtimeId: () => string
  /** How many executions are inserted at most. */
  readonly maxTicks: number
}

/** What to write, and whether nothing is left to plan up to `until`. */
export interface PlannedRange {
  readonly entry: PlanEntry
  readonly isComplete: boolean
}

/**
 * Plans one job from its cursor on, and judges its late ticks, planned or not, together (rules 4, 7, 10, 11 and 13).
 * Ticks that fell due within the punctual window, or will, become executions that a claim pass still has to judge.
 */
export function planRange(given: PlanCase): PlannedRange {
  const { state, now } = given
  const { spec } = state.current
  const lateBefore = now - PUNCTUAL_MS
  const isAnyUnplannedLate = state.nextTickAt !== null && state.nextTickAt < lateBefore
  if (!given.hasLiveHandler && isAnyUnplannedLate) return unchanged(state) // what returns judges what it missed

  const isCut = given.lateTicks.length >= (given.maxLateTicks ?? Number.POSITIVE_INFINITY)
  const judge = judgeMissed({
    misfire: spec.misfire,
    now,
    pauses: [...state.pauses, ...given.queuePauses],
    absentSince: state.absentSince,
    ticksFrom: (instant) => lateFrom(given, isCut, instant),
  })
  const rows = given.hasLiveHandler ? judgeRows(given.lateTicks, judge, isCut) : { fold: [], keep: [] }
  if (isCut) return { entry: { ...unchanged(state).entry, ...rows }, isComplete: false }

  const range = planTicks(given, judge)
  const areRowsJudged = given.maxLateTicks !== undefined && (given.hasLiveHandler || given.lateTicks.length === 0)
  return {
    entry: {
      ...unchanged(state).entry,
      ...rows,
      ...range,
      nextTickAt: nextTick(spec.triggers, spec.name, range.plannedUntil),
      pauses: areRowsJudged ? pausesAfter(state.pauses, Math.min(lateBefore, range.plannedUntil)) : state.pauses,
    },
    isComplete: range.plannedUntil >= given.until,
  }
}

type Judge = ReturnType<typeof judgeMissed>

function unchanged(state: JobState): PlannedRange {
  const { plannedUntil, pauses, current } = state
  return {
    entry: {
      job: state.name,
      expected: { plannedUntil, pauses, revision: current.revision },
      plannedUntil,
      nextTickAt: state.nextTickAt,
      executions: [],
      spans: [],
      fold: [],
      keep: [],
      pauses,
    },
    isComplete: true,
  }
}

function* lateFrom({ state, lateTicks, now }: PlanCase, isCut: boolean, instant: number): Generator<number> {
  for (const { scheduledFor } of lateTicks) if (scheduledFor >= instant) yield scheduledFor
  if (isCut) return
  const { triggers, name } = state.current.spec
  const after = Math.max(state.plannedUntil, instant - 1)
  yield* ticksBetween(triggers, name, after, now - PUNCTUAL_MS - 1)
}

/**
 * The verdicts of late rows. Where there may be more of them, one that would run waits for those: a later tick may take
 * its place. A row that folds does so whatever comes later.
 */
function judgeRows(lateTicks: readonly LateTick[], judge: Judge, isCut: boolean): Pick<PlanEntry, 'fold' | 'keep'> {
  const fold: PlanEntry['fold'][number][] = []
  const keep: PlanEntry['keep'][number][] = []
  for (const { executionId, scheduledFor } of lateTicks) {
    const verdict = judge(scheduledFor)
    if (verdict.kind === 'fold') fold.push({ executionId, reason: verdict.reason })
    else keep.push({ executionId, missed: verdict.missed })
  }
  return { fold, keep: isCut && fold.length > 0 ? [] : keep }
}

function planTicks(given: PlanCase, judge: Judge): Pick<PlanEntry, 'plannedUntil' | 'executions' | 'spans'> {
  const { state, now, maxTicks } = given
  const { spec, revision } = state.current
  const until = Math.max(given.until, state.plannedUntil)
  const tooOld = spec.misfire.policy === 'skip' ? Number.POSITIVE_INFINITY : now - spec.misfire.withinMs
  const executions: NewExecution[] = []
  const spans = new SpanFolder({ job: state.name, revision })
  let folded = 0
  let last = state.plannedUntil
  for (const tick of ticksBetween(spec.triggers, spec.name, state.plannedUntil, until)) {
    const isLate = tick < now - PUNCTUAL_MS
    const verdict = isLate ? judge(tick) : ({ kind: 'run', missed: null } as const)
    if (verdict.kind === 'fold') {
      if (folded >= MOST_FOLDED && tick < tooOld) return { plannedUntil: last, executions, spans: spans.spans() }
      spans.fold(tick, verdict.reason)
      folded++
    } else {
      if (executions.length >= maxTicks) return { plannedUntil: last, executions, spans: spans.spans() }
      spans.cut()
      executions.push({
        ...tickExecution(spec, revision, tick),
        id: given.runtimeId(),
        missed: verdict.missed,
        isJudged: isLate,
      })
    }
    last = tick
  }
  return { plannedUntil: until, executions, spans: spans.spans() }
}

function tickExecution(
  spec: JobSpec,
  revision: number,
  tick: number,
): Omit<NewExecution, 'id' | 'missed' | 'isJudged'> {
  return {
    job: spec.name,
    revision,
    origin: 'tick',
    dedupeKey: `tick:${tick}`,
    queue: spec.queue,
    priority: spec.priority,
    scheduledFor: tick,
    dueAt: tick,
    delayMs: 0,
    startWithinMs: spec.startWithinMs,
    input: spec.tickInput,
    concurrencyKey: spec.tickConcurrencyKey,
    concurrencyLimit: spec.tickConcurrencyKey === null ? null : spec.concurrencyLimit,
    isExclusive: spec.overlap !== 'allow',
    ifOpen: 'wait',
    createdBy: null,
    traceparent: null,
  }
}

/** A pause matters until no tick that it could cover is without a verdict. */
function pausesAfter(pauses: readonly PauseWindow[], judgedUntil: number): readonly PauseWindow[] {
  const left = pauses.filter(({ until }) => until === null || until > judgedUntil)
  return left.length === pauses.length ? pauses : left
}

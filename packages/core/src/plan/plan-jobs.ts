import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'
import type { DueJob, PlanEntry, PlanStore } from '../store/plan-store.ts'
import { planRange } from './plan-range.ts'

/** How many late ticks of a job are judged in one step. */
export const LATE_TICKS_A_JOB = 1_000
const TICKS_AN_ENTRY = 200
/** Rows in one transaction. */
const ROWS_A_CALL = 500
/** Jobs read at once. */
const JOBS_A_CALL = 200
/** For how long a caller waits while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000

/** What to plan of which jobs. Instants in Unix milliseconds, server clock. */
export interface PlanStep {
  readonly jobs: readonly DueJob[]
  readonly now: number
  /** How far, inclusive; never behind the cursor. */
  readonly until: number
  /** Writes entries that share a transaction. */
  readonly write: (entries: readonly PlanEntry[]) => ReturnType<PlanStore['plan']>
}

/** One step of one job: what was to be written. */
export interface PlannedJob {
  readonly entry: PlanEntry
  /** Whether it was written, and nothing is left to plan: otherwise the job has moved meanwhile or wants another step. */
  readonly isDone: boolean
}

/** Plans jobs from their stored definitions, so many rows in a transaction. */
export async function planJobs(
  { runtime }: EngineContext,
  { jobs, now, until, write }: PlanStep,
): Promise<readonly PlannedJob[]> {
  const planned: PlannedJob[] = []
  let batch: { readonly entry: PlanEntry; readonly isComplete: boolean }[] = []
  let rows = 0
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    const entries = batch
    batch = []
    rows = 0
    const results = await write(entries.map(({ entry }) => entry))
    for (const [index, { entry, isComplete }] of entries.entries())
      planned.push({ entry, isDone: isComplete && results[index] === 'planned' })
  }
  for (const { state, queuePauses, lateTicks, hasLiveHandler } of jobs) {
    const range = planRange({
      state,
      queuePauses,
      lateTicks,
      maxLateTicks: LATE_TICKS_A_JOB,
      hasLiveHandler,
      now,
      until: Math.max(until, state.plannedUntil),
      runtimeId: () => runtime.id(),
      maxTicks: TICKS_AN_ENTRY,
    })
    batch.push(range)
    const { executions, spans, fold, keep } = range.entry
    rows += executions.length + spans.length + fold.length + keep.length
    if (rows >= ROWS_A_CALL) await flush()
  }
  await flush()
  return planned
}

/**
 * Plans jobs up to now, whatever the loop does, and judges what is late of them: their definitions are about to change,
 * or their handlers come back.
 *
 * @param isCertain - Whether to plan also while nobody has a handler: the schedule that made these ticks is about to go.
 * @returns Where the cursors stand now, by job; one that is missing has moved meanwhile or has more left: look again.
 */
export async function planJobsUpToNow(
  context: EngineContext,
  jobs: readonly string[],
  isCertain: boolean,
): Promise<ReadonlyMap<string, number>> {
  const { runtime, store, namespace } = context
  const cursors = new Map<string, number>()
  for (let first = 0; first < jobs.length; first += JOBS_A_CALL) {
    const late = jobs.slice(first, first + JOBS_A_CALL)
    const request = { until: Number.MIN_SAFE_INTEGER, limit: 0, late, maxLateTicks: LATE_TICKS_A_JOB }
    const due = await callStore(runtime, () => store.dueJobs(namespace, request), { forMs: PATIENCE_MS })
    const planned = await planJobs(context, {
      jobs: due.jobs.map((job) => ({ ...job, hasLiveHandler: job.hasLiveHandler || isCertain })),
      now: due.now,
      until: due.now,
      write: (entries) => callStore(runtime, () => store.plan(namespace, entries), { forMs: PATIENCE_MS }),
    })
    for (const { entry, isDone } of planned) if (isDone) cursors.set(entry.job, entry.plannedUntil)
  }
  return cursors
}

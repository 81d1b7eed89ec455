import { InvalidOptionError } from '@escapement/base'
import type { JobState } from '../store/job-state.ts'
import type { NewExecution } from '../store/plan-store.ts'
import { nextTick } from '../trigger/next-tick.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'

const MOST_TICKS = 10_000
const ROWS_A_CALL = 1_000

/** What to fill: all ticks in [from, to], Unix milliseconds. */
export interface BackfillRange {
  readonly from: number
  readonly to: number
  readonly isForced: boolean
  readonly by: string | null
}

/**
 * Gives past ticks without an execution one (rule 5), each by the schedule that was in force at its time.
 *
 * @returns How many executions were created.
 * @throws {@link InvalidOptionError} before anything is created: a range that is not past, goes beyond what is kept, or
 * holds too many ticks.
 */
export async function backfill(context: EngineContext, state: JobState, range: BackfillRange): Promise<number> {
  const { runtime, store, namespace, options } = context
  const now = await callStore(runtime, () => store.now())
  const { retentionMs } = (await store.settings(namespace)) ?? options
  checkRange(state, range, now - retentionMs)
  const ticks = await ticksOf(context, state, { ...range, to: Math.min(range.to, state.plannedUntil, now) })
  let created = 0
  for (let first = 0; first < ticks.length; first += ROWS_A_CALL) {
    const executions = ticks
      .slice(first, first + ROWS_A_CALL)
      .map((tick) => ({ ...tick, id: runtime.id(), createdBy: range.by }))
    created += await callStore(runtime, () => store.backfill(namespace, { job: state.name, executions }))
  }
  return created
}

function checkRange(state: JobState, range: BackfillRange, keptSince: number): void {
  const { from, to, isForced } = range
  if (from > to) throw new InvalidOptionError(`backfill from ${iso(from)} to ${iso(to)}: the range is empty`)
  if (isForced) return
  if (from < keptSince) {
    throw new InvalidOptionError(
      `backfill of job "${state.name}" from ${iso(from)} goes beyond what is kept (since ${iso(keptSince)}): ticks that ran may run again; pass force: true if that is wanted`,
    )
  }
  if (from <= state.firstRegisteredAt) {
    throw new InvalidOptionError(
      `backfill of job "${state.name}" from ${iso(from)}: the job was first registered at ${iso(state.firstRegisteredAt)} and had no ticks before; pass force: true if that is wanted`,
    )
  }
}

/** The ticks of the range by the revisions in force; before the first one, and only when forced, by the first. */
async function ticksOf(
  context: EngineContext,
  state: JobState,
  range: BackfillRange,
): Promise<readonly Omit<NewExecution, 'id' | 'createdBy'>[]> {
  const { runtime, store, namespace } = context
  const revisions = await callStore(runtime, () => store.revisions(namespace, state.name, range.from, range.to))
  const oldest = revisions[0] ?? state.current
  const ticks: Omit<NewExecution, 'id' | 'createdBy'>[] = []
  for (const revision of revisions.length === 0 ? [state.current] : revisions) {
    const { spec } = revision
    const start = revision === oldest ? range.from - 1 : Math.max(range.from - 1, revision.effectiveFrom)
    const end = Math.min(range.to, revision.effectiveUntil ?? range.to)
    for (let tick = nextTick(spec.triggers, spec.name, start); tick !== null && tick <= end; ) {
      if (ticks.length === MOST_TICKS) {
        throw new InvalidOptionError(
          `backfill of job "${state.name}" covers more than ${MOST_TICKS} ticks; the first ${MOST_TICKS} end at ${iso(tick)}: fill piece by piece`,
        )
      }
      ticks.push({
        job: state.name,
        revision: revision.revision,
        origin: 'backfill',
        dedupeKey: `tick:${tick}`,
        queue: state.current.spec.queue,
        priority: spec.priority,
        scheduledFor: tick,
        dueAt: null,
        delayMs: 0,
        startWithinMs: null,
        input: spec.tickInput,
        concurrencyKey: spec.tickConcurrencyKey,
        concurrencyLimit: spec.concurrencyLimit,
        isExclusive: state.current.spec.overlap !== 'allow',
        ifOpen: 'wait',
        missed: null,
        isJudged: true,
        traceparent: null,
      })
      tick = nextTick(spec.triggers, spec.name, tick)
    }
  }
  return ticks
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

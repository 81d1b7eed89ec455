import { InvalidOptionError } from '@escapement/base'
import { type NominalTick, nominalTicks } from '../ledger/nominal-ticks.ts'
import type { JobState } from '../store/job-state.ts'
import type { NewExecution } from '../store/plan-store.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'

const MOST_TICKS = 10_000
const ROWS_A_CALL = 1_000
/** For how long a call goes on while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000

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
  const now = await callStore(runtime, () => store.now(), { forMs: PATIENCE_MS })
  const { retentionMs } = (await store.settings(namespace)) ?? options
  checkRange(state, range, now - retentionMs)
  const ticks = await ticksOf(context, state, { ...range, to: Math.min(range.to, state.plannedUntil, now) })
  let created = 0
  for (let first = 0; first < ticks.length; first += ROWS_A_CALL) {
    const executions = ticks
      .slice(first, first + ROWS_A_CALL)
      .map((tick) => ({ ...tick, id: runtime.id(), createdBy: range.by }))
    const filled = { job: state.name, executions }
    created += await callStore(runtime, () => store.backfill(namespace, filled), { forMs: PATIENCE_MS })
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

type NewTick = Omit<NewExecution, 'id' | 'createdBy'>

/** The ticks of the range by the revisions in force; before the first one, and only when forced, by the first. */
async function ticksOf(context: EngineContext, state: JobState, range: BackfillRange): Promise<readonly NewTick[]> {
  const { runtime, store, namespace } = context
  const { from, to, isForced } = range
  const found = await callStore(runtime, () => store.revisions(namespace, state.name, from, to), { forMs: PATIENCE_MS })
  const [first = state.current, ...rest] = found
  const reachesBack = isForced && from <= state.firstRegisteredAt
  const effectiveFrom = reachesBack ? Math.min(first.effectiveFrom, from - 1) : first.effectiveFrom
  const ticks: NewTick[] = []
  for (const tick of nominalTicks([{ ...first, effectiveFrom }, ...rest], from, to)) {
    if (ticks.length === MOST_TICKS) {
      throw new InvalidOptionError(
        `backfill of job "${state.name}" covers more than ${MOST_TICKS} ticks; the first ${MOST_TICKS} end before ${iso(tick.scheduledFor)}: fill piece by piece`,
      )
    }
    ticks.push(newTick(state, tick))
  }
  return ticks
}

function newTick(state: JobState, { scheduledFor, revision }: NominalTick): NewTick {
  const { spec } = revision
  return {
    job: state.name,
    revision: revision.revision,
    origin: 'backfill',
    dedupeKey: `tick:${scheduledFor}`,
    queue: state.current.spec.queue,
    priority: spec.priority,
    scheduledFor,
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
  }
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

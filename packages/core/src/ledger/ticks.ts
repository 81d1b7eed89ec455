import type { JobRevision } from '../job/job-spec.ts'
import type { Execution } from '../store/execution.ts'
import type { JobState } from '../store/job-state.ts'
import type { JobStore } from '../store/job-store.ts'
import type { Span } from '../store/span.ts'
import { LAST_INSTANT_MS } from '../trigger/instant.ts'
import { ticksBetween } from '../trigger/next-tick.ts'
import { becauseOfExecution, becauseOfForecast, becauseOfSpan, instantText } from './because.ts'
import { type NominalTick, nominalTicks } from './nominal-ticks.ts'
import { lastReplacements } from './replacements.ts'
import type { TickVerdict } from './tick-verdict.ts'

/** What to read. Instants in Unix milliseconds, server clock. */
export interface TicksRequest {
  readonly store: Pick<JobStore, 'executions' | 'revisions' | 'spans' | 'tickExecutions'>
  readonly namespace: string
  /** The job, read before: what was planned when it was read has a record now. */
  readonly state: JobState
  /** Whether a live instance has a handler; absent: as `state` has noticed. */
  readonly hasLiveHandler?: boolean
  /** First instant, inclusive. */
  readonly from: number
  /** Last instant, inclusive. */
  readonly to: number
  /** The earliest so many ticks are answered. */
  readonly limit: number
  readonly now: number
  readonly retentionMs: number
}

/**
 * The ledger of a job: each tick of the range with exactly one verdict, oldest first (rules 3, 4, 5 and 7). An execution
 * answers before a span, a span before a forecast. Ticks before the job's first registration, and while it was retired,
 * do not exist.
 */
export async function readTicks(request: TicksRequest): Promise<readonly TickVerdict[]> {
  const verdicts = await readOnce(request)
  // Executions and spans are read one after the other: a tick may have moved from one to the other meanwhile.
  return verdicts.some(({ verdict }) => verdict === 'unknown') ? await readOnce(request) : verdicts
}

async function readOnce(request: TicksRequest): Promise<readonly TickVerdict[]> {
  const { store, namespace, state, from, limit } = request
  const { name } = state
  const [revisions, found] = await Promise.all([
    store.revisions(namespace, name, from, LAST_INSTANT_MS),
    store.tickExecutions(namespace, name, from, request.to, limit),
  ])
  const nominal = [...nominalTicks(revisions, Math.max(from, state.firstRegisteredAt + 1), request.to).take(limit)]
  const to = nominal.length < limit ? request.to : (nominal.at(-1)?.scheduledFor ?? request.to)
  const executions = found.filter(({ scheduledFor }) => scheduledFor <= to)
  const spans = await store.spans(namespace, name, from, to, limit + 2) // two may reach in without a tick in the range
  const replacements = await lastReplacements(store, namespace, executions)

  const verdicts = new Map<number, TickVerdict>()
  for (const tick of nominal) verdicts.set(tick.scheduledFor, verdictWithoutRecord(request, revisions, tick))
  // Where two overlap, a tick was taken out of the wider one by hand and the narrower one says what became of it.
  for (const span of spans.toSorted((a, b) => b.to - b.from - (a.to - a.from))) {
    for (const tick of ticksOf(span, revisions, from, to)) verdicts.set(tick, verdictOfSpan(state, span, tick))
  }
  for (const execution of executions) {
    verdicts.set(execution.scheduledFor, verdictOfExecution(execution, replacements.get(execution.id)))
  }
  return [...verdicts.values()].toSorted((a, b) => a.scheduledFor - b.scheduledFor).slice(0, limit)
}

function* ticksOf(span: Span, revisions: readonly JobRevision[], from: number, to: number): Generator<number> {
  const spec = revisions.find(({ revision }) => revision === span.revision)?.spec
  if (spec === undefined) return
  yield* ticksBetween(spec.triggers, spec.name, Math.max(from, span.from) - 1, Math.min(to, span.to))
}

function verdictOfExecution(execution: Execution, replacement: Execution | undefined): TickVerdict {
  const { id, scheduledFor, status, revision, replacedBy } = execution
  return {
    scheduledFor,
    verdict: status,
    executionId: id,
    replacedBy: replacement?.id ?? replacedBy,
    revision,
    because: becauseOfExecution(execution, replacement),
  }
}

function verdictOfSpan(state: JobState, span: Span, scheduledFor: number): TickVerdict {
  return {
    scheduledFor,
    verdict: span.reason,
    executionId: null,
    replacedBy: null,
    revision: span.revision,
    because: becauseOfSpan(span, scheduledFor, state.pauses),
  }
}

function verdictWithoutRecord(
  request: TicksRequest,
  revisions: readonly JobRevision[],
  { scheduledFor, revision }: NominalTick,
): TickVerdict {
  const { state, now, retentionMs } = request
  const forecast = { scheduledFor, executionId: null, replacedBy: null, revision: null }
  const made = { ...forecast, revision: revision.revision }
  const isPlanned = scheduledFor <= state.plannedUntil
  if (isPlanned && scheduledFor < now - retentionMs) {
    const because = `Ticks before ${instantText(now - retentionMs)} are not kept any more.`
    return { ...made, verdict: 'purged', because }
  }
  const retiredAt = retirementOf(revision, revisions)
  if (retiredAt !== null) {
    const because = `Nobody had planned it when the job was retired at ${instantText(retiredAt)}.`
    return { ...made, verdict: 'no-handler', because }
  }
  if (!isPlanned) {
    const isAbsent = request.hasLiveHandler === undefined ? state.absentSince !== null : !request.hasLiveHandler
    const verdict = scheduledFor > now ? 'planned' : isAbsent ? 'no-handler' : 'pending'
    return { ...forecast, verdict, because: becauseOfForecast(state, scheduledFor, verdict) }
  }
  const because =
    `It was planned before ${instantText(state.plannedUntil)}, but neither an execution nor a span is kept: ` +
    'rows were lost or deleted by hand, or purged under a shorter retention.'
  return { ...made, verdict: 'unknown', because }
}

/** When the revision ended by the job's retirement; null: it is current, or another one followed at once. */
function retirementOf(revision: JobRevision, revisions: readonly JobRevision[]): number | null {
  const next = revisions[revisions.indexOf(revision) + 1]
  return next?.effectiveFrom === revision.effectiveUntil ? null : revision.effectiveUntil
}

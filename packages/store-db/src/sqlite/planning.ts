import { type DueJob, type PlanEntry, type PlanStore, PUNCTUAL_MS, type SpanReason } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { isTickOrigin } from '../execution/new-execution-row.ts'
import { type JobRow, jobStateOf } from '../job/job-row.ts'
import { parsePauses, pauseText } from '../job/pause-text.ts'
import { definitionsSql } from './definitions-sql.ts'
import { SqliteInsertion } from './insertion.ts'
import { planningSql } from './planning-sql.ts'
import { SqliteSpans } from './spans.ts'
import type { SqliteContext } from './sqlite-context.ts'

interface PlannedRow extends JobRow {
  readonly queue_pauses: string
}

interface UnjudgedRow {
  readonly seq: number
  readonly job: string
  readonly revision: number
  readonly scheduled_for: number
}

/** From schedules to rows on SQLite. */
export function sqlitePlanning(context: SqliteContext): PlanStore {
  const sql = planningSql(context.tables)
  const { hasLiveHandler } = definitionsSql(context.tables)
  const spans = new SqliteSpans(context.tables)
  const insertion = new SqliteInsertion(context.tables)

  const dueJob = (
    session: SqliteSession,
    namespace: string,
    row: PlannedRow,
    now: number,
    maxLateTicks: number,
  ): DueJob => ({
    state: jobStateOf(row),
    queuePauses: parsePauses(row.queue_pauses),
    hasLiveHandler: session.get(hasLiveHandler, [namespace, row.name, now]) !== undefined,
    lateTicks: session
      .all<{ id: string; scheduled_for: number }>(sql.lateTicks, [namespace, now - PUNCTUAL_MS, row.name, maxLateTicks])
      .map(({ id, scheduled_for }) => ({ executionId: id, scheduledFor: scheduled_for })),
  })

  const planJob = (
    session: SqliteSession,
    namespace: string,
    entry: PlanEntry,
    now: number,
  ): 'planned' | 'conflict' => {
    const unjudged = <Verdict extends { readonly executionId: string }>(verdicts: readonly Verdict[]) =>
      verdicts.map((verdict) => ({
        ...verdict,
        row: session.get<UnjudgedRow>(sql.unjudged, [namespace, verdict.executionId]),
      }))
    const fold = unjudged(entry.fold)
    const keep = unjudged(entry.keep)
    if ([...fold, ...keep].some(({ row }) => row === undefined)) return 'conflict' // judged by someone else meanwhile
    const { expected } = entry
    const hasAdvanced = session.run(sql.advance, [
      entry.plannedUntil,
      entry.nextTickAt,
      pauseText(entry.pauses),
      namespace,
      entry.job,
      expected.revision,
      expected.plannedUntil,
      pauseText(expected.pauses),
    ])
    if (hasAdvanced === 0) return 'conflict'
    insertion.useQueues(session, namespace, entry.executions)
    for (const execution of entry.executions) insertion.insert(session, namespace, execution, now)
    for (const { row, reason } of fold) foldRow(session, sql.remove, spans, namespace, row as UnjudgedRow, reason)
    for (const span of entry.spans) spans.add(session, namespace, span)
    for (const { row, missed } of keep) {
      session.run(sql.keep, [missed === null ? null : JSON.stringify(missed), (row as UnjudgedRow).seq])
    }
    return 'planned'
  }

  return {
    dueJobs: (namespace, { until, limit, late, maxLateTicks }) =>
      context.read((session) => {
        const now = context.now()
        const planned = session.all<{ name: string; next_tick_at: number }>(sql.planned, [namespace, limit + 1])
        const due = planned.slice(0, limit).filter(({ next_tick_at: at }) => at <= until)
        const names = new Set([...due.map(({ name }) => name), ...late])
        const jobs = [...names].flatMap((name) => {
          const row = session.get<PlannedRow>(sql.job, [namespace, name])
          return row === undefined ? [] : [dueJob(session, namespace, row, now, maxLateTicks)]
        })
        return { jobs, nextTickAt: planned[due.length]?.next_tick_at ?? null, now }
      }),

    // Each entry is atomic by itself; they share transactions as far as time allows.
    plan: (namespace, entries) =>
      Promise.all(
        entries.map((entry) => context.write((session) => planJob(session, namespace, entry, context.now()))),
      ),

    backfill: (namespace, { job, executions }) =>
      context.write((session) => {
        insertion.useQueues(session, namespace, executions)
        const now = context.now()
        return executions.filter((execution) => {
          const { origin, scheduledFor, dedupeKey } = execution
          if (session.get(sql.existing, [namespace, dedupeKey, job]) !== undefined) return false
          const isTick = isTickOrigin(origin) && scheduledFor !== null
          if (isTick && !spans.take(session, namespace, job, scheduledFor)) return false
          return insertion.insert(session, namespace, execution, now)
        }).length
      }),
  }
}

/** Turns the row of a tick that does not run into a span. */
function foldRow(
  session: SqliteSession,
  removeSql: string,
  spans: SqliteSpans,
  namespace: string,
  { seq, job, revision, scheduled_for: tick }: UnjudgedRow,
  reason: SpanReason,
): void {
  session.run(removeSql, [seq])
  spans.add(session, namespace, { job, revision, from: tick, to: tick, count: 1, reason })
}

import type { PlanEntry, Span } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import { pauseText } from '../../job/pause-text.ts'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import { readNumbers } from '../read-numbers.ts'
import { rowsText } from '../rows-text.ts'
import type { Statements } from '../statements.ts'
import type { planningSql } from './planning-sql.ts'

/** A tick without a verdict. */
interface UnjudgedRow {
  readonly seq: number
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly scheduled_for: number
}

/** The entries of a batch that are as expected, with the rows that they judge. */
export interface PlanBatch {
  readonly entries: readonly PlanEntry[]
  readonly unjudged: ReadonlyMap<string, UnjudgedRow>
}

type Sql = Statements<ReturnType<typeof planningSql>>

/** Locks the jobs of entries, and the ticks that they judge, and leaves out what has moved (compare and set). */
export async function lockBatch(
  session: SqlSession,
  sql: Sql,
  namespace: string,
  entries: readonly PlanEntry[],
): Promise<PlanBatch> {
  const jobs = [...new Set(entries.map(({ job }) => job))].toSorted()
  const { rows: locked } = await session.run<JobPlace>(sql.lockJobs, { namespace, jobs })
  const places = new Map(locked.map((row) => [row.name, row]))
  const expected = entries.filter((entry) => {
    const place = places.get(entry.job)
    places.delete(entry.job) // a second entry of the job was not made on what the first one leaves
    return place !== undefined && isAsExpected(place, entry)
  })
  const unjudged = await lockUnjudged(session, sql, namespace, expected)
  // Judged by someone else meanwhile.
  return { entries: expected.filter((entry) => idsOf(entry).every((id) => unjudged.has(id))), unjudged }
}

/** Moves the cursors, and gives late ticks their verdicts; answers the spans of those that do not run. */
export async function writeVerdicts(
  session: SqlSession,
  { sql, removal }: { readonly sql: Sql; readonly removal: ExecutionRemoval },
  namespace: string,
  { entries, unjudged }: PlanBatch,
): Promise<readonly Span[]> {
  const rowOf = ({ executionId }: { readonly executionId: string }): UnjudgedRow =>
    unjudged.get(executionId) as UnjudgedRow
  const cursors = entries.map(({ job, plannedUntil, nextTickAt, pauses }) => ({
    name: job,
    planned_until: plannedUntil,
    next_tick_at: nextTickAt,
    pauses: pauseText(pauses),
  }))
  await session.run(sql.advance, { namespace, rows: rowsText(cursors) })
  const kept = entries.flatMap(({ keep }) =>
    keep.map((verdict) => ({
      seq: rowOf(verdict).seq,
      missed: verdict.missed === null ? null : JSON.stringify(verdict.missed),
    })),
  )
  if (kept.length > 0) await session.run(sql.keep, { rows: rowsText(kept) })
  const folded = entries.flatMap(({ fold }) => fold.map((verdict) => ({ ...rowOf(verdict), reason: verdict.reason })))
  // None was started, so none has attempts.
  await removal.remove(
    session,
    folded.map(({ seq }) => seq),
  )
  return folded.map(({ job, revision, scheduled_for: tick, reason }) => ({
    job,
    revision,
    from: tick,
    to: tick,
    count: 1,
    reason,
  }))
}

interface JobPlace {
  readonly name: string
  readonly revision: unknown
  readonly planned_until: unknown
  readonly pauses: string
}

function isAsExpected(place: JobPlace, { expected }: PlanEntry): boolean {
  return (
    integerOf(place.revision) === expected.revision &&
    integerOf(place.planned_until) === expected.plannedUntil &&
    place.pauses === pauseText(expected.pauses)
  )
}

function idsOf({ fold, keep }: PlanEntry): readonly string[] {
  return [...fold, ...keep].map(({ executionId }) => executionId)
}

async function lockUnjudged(
  session: SqlSession,
  sql: Sql,
  namespace: string,
  entries: readonly PlanEntry[],
): Promise<ReadonlyMap<string, UnjudgedRow>> {
  const ids = entries.flatMap(idsOf)
  if (ids.length === 0) return new Map()
  const { rows } = await session.run(sql.lockUnjudged, { namespace, ids })
  const read = rows.map((row) => readNumbers<UnjudgedRow>(row, ['seq', 'revision', 'scheduled_for']))
  return new Map(read.map((row) => [row.id, row]))
}

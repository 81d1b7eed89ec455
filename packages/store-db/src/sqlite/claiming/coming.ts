import { isPausedAt } from '@escapement/core'
import { type Candidate, goesBefore } from '../../claiming/candidate.ts'
import { type JudgingScope, openRows } from './judging.ts'

/** Ticks that one pass looks at before they are due; the others are taken when they are. */
const MOST_COMING = 200

/** Up to `most` ticks that fall due within `aheadMs` and will run whatever comes until then, in the order of claims. */
export function comingTicks(scope: JudgingScope, aheadMs: number, most: number): readonly Candidate[] {
  const { session, sql, namespace, handlers, jobs, now } = scope
  if (aheadMs === 0 || most === 0) return []
  const rows = session
    .all<Candidate>(sql.comingTicks, [namespace, now, now + aheadMs, MOST_COMING])
    .filter(({ job }) => handlers.has(job))
  jobs.prepare(rows.map(({ job }) => job))
  const coming: Candidate[] = []
  for (const row of rows.toSorted(goesBefore)) {
    if (coming.length >= most) break
    if (isVerdictCertain(scope, row)) coming.push(row)
  }
  return coming
}

/** Whether the tick will run, whatever comes until it falls due. */
function isVerdictCertain(scope: JudgingScope, row: Candidate): boolean {
  const { session, sql, jobs, namespace } = scope
  const job = jobs.get(row.job)
  if (job === null || job.retryUntil === 'next-tick') return false
  if (jobs.queue(row.queue).clusterLimit !== null) return false
  if (isPausedAt([...job.pauses, ...job.queuePauses], row.due_at)) return false
  if (row.is_exclusive === 0 && job.overlap === 'allow') return true
  return openRows(scope, row.job).length === 0 && session.get(sql.waitingTicks, [namespace, row.job, 1]) === undefined
}

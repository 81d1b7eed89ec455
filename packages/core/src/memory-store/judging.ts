import { judgePunctualTicks, PUNCTUAL_MS } from '../policy/overlap.ts'
import { finish, foldTick } from './ending.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import type { JobTable } from './job-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, withdraw } from './placement.ts'

/** What judging found and did, for the answer of the claim. */
export interface Judgement {
  readonly dropped: { readonly job: string; readonly scheduledFor: number; readonly reason: string }[]
  readonly lateJobs: string[]
  readonly cancelRequested: string[]
}

/** Gives the due, punctual ticks of the given jobs their verdict (rules 11 to 13). */
export function judgeDueTicks(tables: MemoryTables, handlers: ReadonlySet<string>, now: number): Judgement {
  const judgement: Judgement = { dropped: [], lateJobs: [], cancelRequested: [] }
  for (const job of tables.unjudgedJobs) {
    if (job.unjudged.size === 0) tables.unjudgedJobs.delete(job)
    else if (handlers.has(job.name)) judgeJob(tables, job, judgement, now)
  }
  return judgement
}

function judgeJob(tables: MemoryTables, job: JobTable, judgement: Judgement, now: number): void {
  const spec = job.state?.current.spec
  if (job.state === null || spec === undefined) return
  const due = [...job.unjudged.items].toSorted((a, b) => a.scheduledFor - b.scheduledFor)
  if ((due[0]?.scheduledFor ?? now) < now - PUNCTUAL_MS) judgement.lateJobs.push(job.name)
  if (spec.retry.until === 'next-tick') giveUpRetries(tables, job, due.at(-1)?.scheduledFor ?? 0, now)
  const punctual = due.filter((row) => row.scheduledFor >= now - PUNCTUAL_MS)
  if (punctual.length === 0) return

  const verdict = judgePunctualTicks({
    overlap: spec.overlap,
    pauses: [...job.state.pauses, ...tables.queue(spec.queue).pauses],
    ticks: punctual.map(({ id, scheduledFor }) => ({ executionId: id, scheduledFor })),
    open: [...job.open].map(({ id }) => id),
    waiting: [...job.waiting].map(({ id, isPunctual }) => ({ executionId: id, isPunctual })),
  })
  for (const { executionId, reason } of verdict.fold) {
    const row = rowOf(tables, executionId)
    foldTick(tables, row, reason)
    judgement.dropped.push({ job: job.name, scheduledFor: row.scheduledFor, reason })
  }
  for (const id of verdict.cancel) {
    const row = rowOf(tables, id)
    if (row.cancelRequestedAt !== null) continue
    row.cancelRequestedAt = now
    row.cancelRequestedBy = 'system:overlap'
    if (row.status === 'scheduled') finish(tables, row, { status: 'cancelled', reason: null, finishedAt: now })
    else judgement.cancelRequested.push(id)
  }
  for (const id of verdict.keep) {
    const row = rowOf(tables, id)
    withdraw(tables, row)
    row.isJudged = true
    row.isPunctual = true
    place(tables, row, now)
  }
}

/** `retry.until: 'next-tick'`: what waits for a retry has failed once a later tick is due (rule 12). */
function giveUpRetries(tables: MemoryTables, job: JobTable, tick: number, now: number): void {
  for (const row of job.open) {
    if (row.status !== 'scheduled' || !isLedgerTick(row) || row.scheduledFor >= tick) continue
    const status = row.attempts.at(-1)?.outcome === 'timed_out' ? 'timed_out' : 'failed'
    finish(tables, row, { status, reason: 'superseded-by-tick', finishedAt: now })
  }
}

/** Ends waits that have become longer than `startWithin`: a tick turns into a span, other runs are skipped. */
export function expireWaiting(tables: MemoryTables, judgement: Judgement, now: number): void {
  const { expiries } = tables
  for (let first = expiries.peek(); first !== undefined && first.at < now; first = expiries.peek()) {
    expiries.remove(first)
    const { row } = first
    const isWaiting = row.status === 'scheduled' && row.attempt === 0 && tables.executions.get(row.id) === row
    if (!isWaiting || row.dueAt + (row.startWithinMs ?? Number.POSITIVE_INFINITY) !== first.at) continue
    if (!isLedgerTick(row)) {
      finish(tables, row, { status: 'skipped', reason: 'expired', finishedAt: now })
      continue
    }
    foldTick(tables, row, 'expired')
    judgement.dropped.push({ job: row.job, scheduledFor: row.scheduledFor, reason: 'expired' })
  }
}

function rowOf(tables: MemoryTables, id: string): ExecutionRow {
  return tables.executions.get(id) as ExecutionRow
}

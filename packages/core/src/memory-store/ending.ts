import type { HistoryPolicy } from '../job/job-spec.ts'
import type { ExecutionReason, ExecutionStatus } from '../store/execution.ts'
import type { SpanReason } from '../store/span.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, removeRow, withdraw } from './placement.ts'
import { addSpan } from './spans.ts'
import type { StatisticsCount } from './statistics-table.ts'

/** A verdict. */
export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'scheduled' | 'running'>
  readonly reason: ExecutionReason | null
  readonly finishedAt: number
}

const COUNTED_AS: Readonly<Record<Ending['status'], StatisticsCount | null>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  timed_out: 'timedOut',
  cancelled: 'cancelled',
  skipped: null,
}

/** Gives an execution its verdict, counts it, and keeps its row as far as the job's history says. */
export function finish(tables: MemoryTables, row: ExecutionRow, ending: Ending, history?: HistoryPolicy): void {
  withdraw(tables, row)
  row.status = ending.status
  row.reason = ending.reason
  row.finishedAt = ending.finishedAt
  place(tables, row, ending.finishedAt)
  const counted = COUNTED_AS[ending.status]
  if (counted !== null) tables.statistics.count(row.job, ending.finishedAt, counted)
  applyHistory(tables, row, history ?? tables.job(row.job).specOf(row.revision)?.history ?? 'all')
}

/** Turns the row of a tick that does not run into a span. */
export function foldTick(tables: MemoryTables, row: ExecutionRow, reason: SpanReason): void {
  removeRow(tables, row)
  const { job, revision, scheduledFor } = row
  addSpan(tables, tables.job(job), { revision, from: scheduledFor, to: scheduledFor, count: 1, reason })
}

function applyHistory(tables: MemoryTables, row: ExecutionRow, history: HistoryPolicy): void {
  if (history === 'all' || (row.dedupeKey !== null && !isLedgerTick(row))) return // its key guards against a second run
  if (history === 'none') {
    letGo(tables, row)
  } else if (history === 'failures') {
    if (row.status !== 'failed' && row.status !== 'timed_out') letGo(tables, row)
  } else {
    const { kept } = tables.job(row.job)
    kept.push(row)
    while (kept.size > history.keep) {
      const oldest = kept.shift() as ExecutionRow
      if (tables.executions.get(oldest.id) === oldest) letGo(tables, oldest)
    }
  }
}

function letGo(tables: MemoryTables, row: ExecutionRow): void {
  tables.settled.remember(row.id, row.fence, row.status as Ending['status'])
  if (isLedgerTick(row)) foldTick(tables, row, row.status as Exclude<Ending['status'], 'skipped'>)
  else removeRow(tables, row)
}

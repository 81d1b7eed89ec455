import type { ExecutionReason, ExecutionStatus, HistoryPolicy, Span, SpanReason } from '@escapement/core'
import type { StatsEvent } from '../stats/stats-change.ts'

/** What has to be known of a row to end it. */
export interface EndingRow {
  readonly seq: number
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly scheduled_for: number
  readonly is_ledger: number
  readonly dedupe_key: string | null
  readonly fence: number
  readonly instance: string | null
  readonly attempt: number
}

/** A verdict. */
export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'scheduled' | 'running'>
  readonly reason: ExecutionReason | null
  readonly finishedAt: number
}

/** Whether the row of a settled execution stays, for a while at least. */
export function isKept(row: EndingRow, status: Ending['status'], history: HistoryPolicy): boolean {
  if (guardsItsKey(row) || typeof history !== 'string') return true
  return history === 'all' || (history === 'failures' && (status === 'failed' || status === 'timed_out'))
}

/** Its key guards against a second run. */
export function guardsItsKey(row: EndingRow): boolean {
  return row.dedupe_key !== null && row.is_ledger === 0
}

/** The history of a job's definition, as it is taken out of its JSON text. */
export function historyOf(text: string): HistoryPolicy {
  return text.startsWith('{') ? (JSON.parse(text) as HistoryPolicy) : (text as HistoryPolicy)
}

/** What statistics count of a verdict that its owner did not settle. */
export function endEvent(row: EndingRow, { status, finishedAt }: Ending): StatsEvent {
  return {
    job: row.job,
    instance: row.attempt === 0 ? '' : (row.instance ?? ''),
    at: finishedAt,
    status,
    spends: 'nothing',
    durationMs: null,
    latenessMs: null,
  }
}

/** The span of a tick whose row goes. */
export function tickSpan({ job, revision, scheduled_for: tick }: EndingRow, reason: SpanReason): Span {
  return { job, revision, from: tick, to: tick, count: 1, reason }
}

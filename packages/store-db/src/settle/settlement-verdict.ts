import type { ExecutionStatus, Settlement } from '@escapement/core'
import type { StatsEvent } from '../stats/stats-change.ts'
import type { EndingRow } from './ending-row.ts'

/** What has to be known of a row to settle it. */
export interface SettledRow extends EndingRow {
  readonly status: ExecutionStatus | 'claimed'
  readonly retries: number
  readonly interruptions: number
  readonly claimed_at: number | null
  readonly due_at: number
  readonly abandoned_at: number | null
  readonly cancel_requested_at: number | null
}

/** A pending cancel turns a retry into `cancelled`; what was abandoned runs on. */
export function statusAfter(row: SettledRow, given: Settlement): Exclude<ExecutionStatus, 'skipped'> {
  if (given.abandonedAt !== null) return 'running'
  if (given.status === 'scheduled' && row.cancel_requested_at !== null) return 'cancelled'
  return given.status
}

/** Each attempt is measured once; an end counts once. */
export function eventOf(
  row: Pick<SettledRow, 'due_at'>,
  given: Settlement,
  status: ExecutionStatus,
  isFirst: boolean,
): StatsEvent {
  const { job, instance, startedAt, finishedAt, spends } = given
  return {
    job,
    instance,
    at: finishedAt,
    status,
    spends,
    durationMs: isFirst ? finishedAt - startedAt : null,
    latenessMs: isFirst ? startedAt - row.due_at : null,
  }
}

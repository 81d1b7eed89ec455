import type { ExecutionStatus, Settlement } from '@escapement/core'
import type { SettledRow } from './settlement-verdict.ts'

/**
 * Whether an attempt that ends has to have a row of its own. One that ends its execution by success, without a log, says
 * nothing that the settled execution does not say itself: that is its record (decision 0018).
 *
 * @param status - What the execution becomes.
 */
export function needsRow(given: Settlement, status: ExecutionStatus): boolean {
  return status !== 'succeeded' || given.outcome !== 'succeeded' || given.log.length > 0
}

/** Whether the settled execution is itself the record of the attempt that a settlement is for. */
export function isRecordOf(row: SettledRow, given: Settlement): boolean {
  return row.status === 'succeeded' && row.attempt === given.attempt && row.fence === Number(given.fence)
}

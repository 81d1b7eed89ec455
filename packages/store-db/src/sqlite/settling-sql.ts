import type { TableNames } from '../table-names.ts'
import { ENDING_COLUMNS } from './ending-sql.ts'

/** Statements that settle attempts. */
export function settlingSql(t: TableNames) {
  return {
    /** All rows of a batch at once; what is written follows row by row, which is faster than from JSON. */
    executions: `SELECT ${ENDING_COLUMNS}, status, retries, interruptions, claimed_at, due_at, abandoned_at, cancel_requested_at
      FROM ${t.executions} WHERE namespace = ? AND id IN (SELECT value FROM json_each(?))`,

    /** Whether an attempt that has a row came of this settlement; one that recovery ended as interrupted did not. */
    isRecorded: `SELECT 1 FROM ${t.attempts} WHERE execution_seq = ? AND number = ? AND fence = ?
      AND (outcome <> 'interrupted' OR ? = 'interrupted')`,

    /**
     * The end of an attempt. Refused unless the fence is the newest and the execution is held: what was settled, taken
     * back or granted anew meanwhile stays as it is (rules 3 and 16).
     */
    settle: `UPDATE ${t.executions} SET
        status = ?, reason = ?, due_at = ?, started_at = ?, finished_at = ?, abandoned_at = ?, claimed_at = ?,
        retries = ?, interruptions = ?, was_interrupted = max(was_interrupted, ?), output = ?, error = ?, progress = coalesce(?, progress), open_key = iif(?, open_key, NULL)
      WHERE seq = ? AND fence = ? AND status IN ('claimed', 'running')`,

    /** One row for one attempt, whatever is settled twice. */
    recordAttempt: `INSERT INTO ${t.attempts}
        (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome, error, log)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (execution_seq, number) DO NOTHING`,

    reportProgress: `UPDATE ${t.executions} SET progress = ?
      WHERE namespace = ? AND id = ? AND fence = ? AND status IN ('claimed', 'running')`,
  }
}

import type { TableNames } from '../table-names.ts'

/** What has to be known of a row to end it, as `EndingRow` has it. */
export const ENDING_COLUMNS = 'seq, id, job, revision, scheduled_for, is_ledger, dedupe_key, fence, instance, attempt'

/** Statements that end executions. */
export function endingSql(t: TableNames) {
  return {
    /** A terminal status never changes (rule 3). */
    end: `UPDATE ${t.executions} SET status = ?, reason = ?, finished_at = ?, open_key = NULL
      WHERE seq = ? AND finished_at IS NULL`,

    /** Attempts go with it. */
    remove: `DELETE FROM ${t.executions} WHERE seq = ?`,

    history: `SELECT spec ->> '$.history' AS history FROM ${t.job_revisions} WHERE namespace = ? AND job = ? AND revision = ?`,

    markKept: `UPDATE ${t.executions} SET is_kept = 1 WHERE seq = ?`,

    /** Settled executions beyond the newest n, some at a time. */
    surplus: `SELECT ${ENDING_COLUMNS}, status FROM ${t.executions} INDEXED BY ${t.executions}_kept
      WHERE namespace = ? AND job = ? AND is_kept = 1 ORDER BY finished_at DESC, seq DESC LIMIT 20 OFFSET ? + 0`,
  }
}

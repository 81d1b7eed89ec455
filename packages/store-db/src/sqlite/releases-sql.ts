import { LIMIT } from './bound-limit.ts'
import type { TableNames } from '../table-names.ts'
import { ENDING_COLUMNS } from './ending-sql.ts'

const HELD = "status IN ('claimed', 'running')"
/** What has to be known of a held row to release it, as `HeldRow` has it. */
const COLUMNS = `${ENDING_COLUMNS}, status, retries, interruptions, claimed_at, started_at, due_at, abandoned_at, cancel_requested_at`

/** Statements that take executions away from their owner. All raise the fence, so that its late word is refused. */
export function releasesSql(t: TableNames) {
  const e = t.executions
  return {
    heldById: `SELECT ${COLUMNS} FROM ${e} WHERE namespace = ? AND id = ? AND fence = ? AND ${HELD}`,

    heldByInstance: `SELECT ${COLUMNS} FROM ${e} INDEXED BY ${e}_held
      WHERE namespace = ? AND instance = ? AND ${HELD} ORDER BY seq ${LIMIT}`,

    heldUnderTokens: `SELECT ${COLUMNS} FROM ${e} INDEXED BY ${e}_held
      WHERE namespace = ? AND instance = ? AND ${HELD} AND claim_token <= ?`,

    policy: `SELECT spec ->> '$.onInterrupt' AS on_interrupt, spec ->> '$.retry.limit' AS retry_limit
      FROM ${t.job_revisions} WHERE namespace = ? AND job = ? AND revision = ?`,

    /**
     * As if it had not been claimed: open only if it was started before; a tick has no verdict before its time. Parameters:
     * now, micros, whether its owner died, row.
     */
    giveBack: `UPDATE ${e} SET status = 'scheduled', attempt = attempt - 1, claimed_at = NULL, claim_token = NULL,
        instance = (SELECT a.instance FROM ${t.attempts} a WHERE a.execution_seq = seq ORDER BY a.number DESC LIMIT 1),
        started_at = (SELECT a.started_at FROM ${t.attempts} a WHERE a.execution_seq = seq ORDER BY a.number DESC LIMIT 1),
        open_key = CASE attempt WHEN 1 THEN NULL ELSE open_key END, is_judged = iif(is_ledger = 1 AND is_catch_up = 0 AND attempt = 1, due_at <= ?, 1),
        fence = max(fence + 1, ?), was_interrupted = max(was_interrupted, ?)
      WHERE seq = ?`,

    /** Ticks planned beyond a retirement do not exist (rule 5). */
    dropRetired: `DELETE FROM ${e} WHERE seq = ? AND is_judged = 0 AND status = 'scheduled'
      AND EXISTS (SELECT 1 FROM ${t.jobs} j WHERE j.namespace = ${e}.namespace AND j.name = ${e}.job AND j.retired_at IS NOT NULL)`,

    /** Back in line for another attempt; it stays open. */
    again: `UPDATE ${e} SET status = 'scheduled', claimed_at = NULL, claim_token = NULL, abandoned_at = NULL, due_at = ?,
        retries = ?, interruptions = ?, fence = max(fence + 1, ?), was_interrupted = 1
      WHERE seq = ?`,

    spend: `UPDATE ${e} SET retries = ?, interruptions = ?, fence = max(fence + 1, ?), was_interrupted = 1 WHERE seq = ?`,

    recordAttempt: `INSERT INTO ${t.attempts}
        (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'interrupted') ON CONFLICT DO NOTHING`,
  }
}

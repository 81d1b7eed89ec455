import type { TableNames } from '../table-names.ts'

/** Statements about spans. */
export function spansSql(t: TableNames) {
  return {
    before: `SELECT job, revision, from_at, to_at, count, reason FROM ${t.spans}
      WHERE namespace = ? AND job = ? AND from_at <= ? ORDER BY from_at DESC LIMIT 1`,

    after: `SELECT job, revision, from_at, to_at, count, reason FROM ${t.spans}
      WHERE namespace = ? AND job = ? AND from_at > ? ORDER BY from_at LIMIT 1`,

    /** Spans that may cover a tick: the latest that begin at or before it. */
    around: `SELECT job, revision, from_at, to_at, count, reason FROM ${t.spans}
      WHERE namespace = ? AND job = ? AND from_at <= ? ORDER BY from_at DESC LIMIT 20`,

    /** Whether a tick with an execution lies strictly between two instants. */
    executionBetween: `SELECT 1 FROM ${t.executions} INDEXED BY ${t.executions}_job_page
      WHERE namespace = ? AND job = ? AND is_ledger = 1 AND scheduled_for > ? AND scheduled_for < ? LIMIT 1`,

    /** Two spans of one verdict that begin at one tick are one: the first was emptied there by a backfill. */
    insert: `INSERT INTO ${t.spans} (namespace, job, revision, from_at, to_at, count, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (namespace, job, from_at, reason) DO UPDATE SET
        to_at = max(to_at, excluded.to_at), count = count + excluded.count`,

    extend: `UPDATE ${t.spans} SET to_at = ?, count = ? WHERE namespace = ? AND job = ? AND from_at = ? AND reason = ?`,

    remove: `DELETE FROM ${t.spans} WHERE namespace = ? AND job = ? AND from_at = ? AND reason = ?`,
  }
}

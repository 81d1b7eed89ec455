import type { TableNames } from '../table-names.ts'
import { ENDING_COLUMNS } from './ending-sql.ts'

/** Statements of what people and programs ask for. */
export function enqueueSql(t: TableNames) {
  const e = t.executions
  return {
    /** What an insert met: the row of the same id, or of the same identity. */
    byId: `SELECT id, status FROM ${e} WHERE namespace = ? AND id = ?`,
    byIdentity: `SELECT id, status FROM ${e} WHERE namespace = ? AND dedupe_key = ? AND job = ?`,

    /** An open execution of an exclusive job. */
    isOpen: `SELECT 1 FROM ${e} INDEXED BY ${e}_open
      WHERE namespace = ? AND open_key >= ? AND open_key < ? || '$' AND open_key IS NOT NULL LIMIT 1`,

    ending: `SELECT ${ENDING_COLUMNS}, status FROM ${e} WHERE namespace = ? AND id = ?`,

    /** The first who asked is remembered. */
    requestCancel: `UPDATE ${e} SET cancel_requested_at = ?, cancel_requested_by = ?
      WHERE seq = ? AND finished_at IS NULL AND cancel_requested_at IS NULL`,

    replacement: `SELECT id FROM ${e} WHERE namespace = ? AND dedupe_key = 'replaces:' || ? AND job = ?`,

    /** A replacement is of the current revision and waits in its queue; all else is as in the execution it replaces. */
    replace: `INSERT INTO ${e} (namespace, id, job, revision, origin, dedupe_key, status, queue, priority, scheduled_for, due_at,
        expires_at, created_at, is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, concurrency_key,
        concurrency_limit, missed, input, created_by, replaces, traceparent)
      SELECT x.namespace, ?, x.job, coalesce(j.revision, x.revision), 'retry', 'replaces:' || x.id, 'scheduled',
        coalesce(j.queue, x.queue), x.priority, x.scheduled_for, ?, ? + (x.expires_at - x.due_at), ?, 0, x.is_tick, 1, 0,
        x.is_exclusive, 'wait', x.concurrency_key, x.concurrency_limit, x.missed, x.input, ?, x.id, x.traceparent
      FROM ${e} x LEFT JOIN ${t.jobs} j ON j.namespace = x.namespace AND j.name = x.job
      WHERE x.namespace = ? AND x.id = ?`,
  }
}

import { endingColumns } from '../ending/ending-columns.ts'
import type { ServerContext } from '../server-context.ts'

/** Statements of what people and programs ask for. */
export function enqueueSql({ tables: t, sql, clock }: ServerContext) {
  const e = t.executions
  const copied = [
    'priority',
    'scheduled_for',
    'is_tick',
    'is_exclusive',
    'concurrency_key',
    'concurrency_limit',
    'missed',
    'input',
    'traceparent',
  ]
  return {
    lock: `SELECT ${endingColumns(sql)}, x.status, ${clock.nowMs} AS now FROM ${e} AS x
      WHERE x.namespace = :namespace AND x.id = :id FOR UPDATE`,

    /** Of what would not wait, what is due while another execution of its job is open. */
    occupied: `SELECT ${endingColumns(sql)}, ${clock.nowMs} AS now
      FROM ${sql.list(':ids', 'v', 'key')} ${sql.join} ${e} AS x ON x.namespace = :namespace AND x.id = v.value
      WHERE x.skippable_at <= ${clock.nowMs} AND EXISTS (SELECT 1 FROM ${e} AS o
        WHERE o.namespace = :namespace AND o.open_key >= x.job AND o.open_key < CONCAT(x.job, '$'))
      ORDER BY x.seq FOR UPDATE`,

    byId: `SELECT id, job, status FROM ${e} WHERE namespace = :namespace AND id = :id`,

    /** The first who asked is remembered. */
    requestCancel: `UPDATE ${e} SET cancel_requested_at = :now, cancel_requested_by = :by
      WHERE namespace = :namespace AND id = :id AND cancel_requested_at IS NULL`,

    replacement: `SELECT id, job, status FROM ${e}
      WHERE namespace = :namespace AND dedupe_key = :key AND job = :job`,

    /** A replacement is of the current revision and waits in its queue; all else is as in the execution it replaces. */
    replace: `INSERT INTO ${e} (namespace, id, job, revision, origin, dedupe_key, status, queue, due_at, expires_at,
        created_at, is_ledger, is_judged, is_catch_up, if_open, created_by, replaces, ${copied.join(', ')})
      SELECT x.namespace, :newId, x.job, COALESCE(j.revision, x.revision), 'retry', CONCAT('replaces:', x.id), 'scheduled',
        COALESCE(j.queue, x.queue), c.now, c.now + (x.expires_at - x.due_at),
        c.now, 0, 1, 0, 'wait', :by, x.id, ${copied.map((column) => `x.${column}`).join(', ')}
      FROM (SELECT ${clock.nowMs} AS now) AS c, ${e} AS x
        LEFT JOIN ${t.jobs} AS j ON j.namespace = x.namespace AND j.name = x.job
      WHERE x.namespace = :namespace AND x.id = :id ${sql.ignoreExisting(e, 'seq')}`,
  }
}

import { endingColumns } from '../ending/ending-columns.ts'
import { UNSETTLED_COPY } from '../insertion/unsettled-copy.ts'
import { listedExecutions } from '../named-executions.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** Statements of what people and programs ask for. */
export function enqueueSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const e = t.executions
  const u = t.unsettled
  const asked = `SELECT x.id, x.job, COALESCE(u.status, x.status) AS status
    FROM ${e} AS x LEFT JOIN ${u} AS u ON u.seq = x.seq`
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
    lock: `SELECT ${endingColumns(sql)}, x.status, ${clock.nowMs} AS now
      FROM (SELECT seq FROM ${e} WHERE namespace = :namespace AND id = :id) AS v
      ${seekUnsettled(context, 'x.seq = v.seq')} ${sql.forUpdateOfX}`,

    /** Of what would not wait, what is due while another execution of its job is open. */
    occupied: `SELECT ${endingColumns(sql)}, ${clock.nowMs} AS now
      FROM ${listedExecutions(context)} ${seekUnsettled(context, 'x.seq = v.seq')}
      WHERE x.skippable_at <= ${clock.nowMs} AND EXISTS (SELECT 1 FROM ${u} AS o
        WHERE o.namespace = :namespace AND o.open_key >= x.job AND o.open_key < CONCAT(x.job, '$'))
      ORDER BY x.seq ${sql.forUpdateOfX}`,

    byId: `${asked} WHERE x.namespace = :namespace AND x.id = :id`,

    /** The first who asked is remembered. */
    requestCancel: `UPDATE ${u} SET cancel_requested_at = :now, cancel_requested_by = :by
      WHERE seq = :seq AND cancel_requested_at IS NULL`,

    replacement: `${asked} WHERE x.namespace = :namespace AND x.dedupe_key = :key AND x.job = :job`,

    /** A replacement is of the current revision and waits in its queue; all else is as in the execution it replaces. */
    replace: `INSERT INTO ${e} (namespace, id, job, revision, origin, dedupe_key, status, queue, due_at, expires_at,
        created_at, is_ledger, created_by, replaces, ${copied.join(', ')})
      SELECT x.namespace, :newId, x.job, COALESCE(j.revision, x.revision), 'retry', CONCAT('replaces:', x.id), 'scheduled',
        COALESCE(j.queue, x.queue), c.now, c.now + (x.expires_at - x.due_at),
        c.now, 0, :by, x.id, ${copied.map((column) => `x.${column}`).join(', ')}
      FROM (SELECT ${clock.nowMs} AS now) AS c, ${e} AS x
        LEFT JOIN ${t.jobs} AS j ON j.namespace = x.namespace AND j.name = x.job
      WHERE x.namespace = :namespace AND x.id = :id ${sql.ignoreExisting(e, 'seq')}`,
    replaceUnsettled: `INSERT INTO ${u} (status, is_judged, is_catch_up, if_open, ${UNSETTLED_COPY.join(', ')})
      SELECT 'scheduled', 1, 0, 'wait', ${UNSETTLED_COPY.map((column) => `x.${column}`).join(', ')} FROM ${e} AS x
      WHERE x.namespace = :namespace AND x.id = :newId AND x.finished_at IS NULL ${sql.ignoreExisting(u, 'seq')}`,
  }
}

import { aliveAt } from '../definitions/definitions-sql.ts'
import type { ServerContext } from '../server-context.ts'
import { COUNTED_COLUMNS } from '../statistics/bucket-row.ts'

/** Statements about everything at once. */
export function overviewSql({ tables: t, sql, clock }: ServerContext) {
  const u = t.unsettled
  const time = `(SELECT ${clock.nowMs} AS now) AS c`
  return {
    instances: `SELECT i.id, i.name, i.version, i.started_at, i.heartbeat_at, i.lease_until, i.dead_at, c.now,
        (SELECT COUNT(*) FROM ${u} AS x ${sql.through(`${t.prefix}unsettled_held`)}
          WHERE x.namespace = i.namespace AND x.held_by = i.id AND x.status = 'running') AS running
      FROM ${time}, ${t.instances} AS i WHERE i.namespace = :namespace ORDER BY i.started_at, i.id`,

    /** A `CountedBucket` a row, as JSON: drivers take their time for each column of each row. */
    stats: `SELECT CONCAT('[', CONCAT_WS(',', ${COUNTED_COLUMNS}), ']') AS counted FROM ${t.stats}
      WHERE namespace = :namespace AND job = :job AND bucket >= :since AND bucket < :until`,

    /** What waits is counted in indexes alone. */
    backlog: `SELECT x.waiting_queue AS queue, COUNT(*) AS due, MAX(c.now - x.due_at) AS oldest, 0 AS running
        FROM ${time}, ${u} AS x
        WHERE x.namespace = :namespace AND x.waiting_queue IS NOT NULL AND x.due_at <= c.now GROUP BY x.waiting_queue
      UNION ALL SELECT x.queue, COUNT(*), MAX(c.now - x.unjudged_at), 0 FROM ${time}, ${u} AS x
        WHERE x.namespace = :namespace AND x.is_ledger IN (0, 1) AND x.unjudged_at <= c.now GROUP BY x.queue
      UNION ALL SELECT x.queue, 0, 0, COUNT(*) FROM ${u} AS x
        WHERE x.namespace = :namespace AND x.held_by IS NOT NULL AND x.status = 'running' GROUP BY x.queue`,

    /** Jobs with rows that wait: one seek for each job, then one for its handlers. */
    stranded: (limit: number): string => `SELECT w.job FROM ${time}, (
        SELECT d.value AS job FROM ${sql.distinct(u, 'waiting_job', 'd')} WHERE EXISTS (SELECT 1 FROM ${u} AS x
          WHERE x.namespace = :namespace AND x.waiting_job = d.value AND x.due_at <= ${clock.nowMs})
        UNION SELECT x.job FROM ${u} AS x
          WHERE x.namespace = :namespace AND x.is_ledger IN (0, 1) AND x.unjudged_at <= ${clock.nowMs}
      ) AS w
      WHERE NOT EXISTS (SELECT 1 FROM ${t.handlers} AS h
        JOIN ${t.instances} AS i ON i.namespace = h.namespace AND i.id = h.instance
        WHERE h.namespace = :namespace AND h.job = w.job AND ${aliveAt('c.now')})
      ORDER BY w.job LIMIT ${limit}`,
  }
}

import type { ServerContext } from '../server-context.ts'
import { CURRENT_REVISION, JOB_COLUMNS, REVISION_COLUMNS } from './job-columns.ts'

/** Statements about jobs, queues and instances. */
export function definitionsSql({ tables: t, sql, clock }: ServerContext) {
  const now = clock.nowMs
  const names = sql.list(':jobs', 'v', 'key')
  const namedJobs = `${names} ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = v.value' })}`
  const alive = aliveAt(now)
  return {
    insertInstance: `INSERT INTO ${t.instances}
        (namespace, id, name, version, started_at, heartbeat_at, lease_ms, lease_until)
      SELECT :namespace, v.id, v.name, v.version, c.now, c.now, v.lease_ms, c.now + v.lease_ms
      FROM ${sql.rows(':rows', 'v', { id: 'key', name: 'text', version: 'integer', lease_ms: 'integer' })},
        (SELECT ${now} AS now) AS c
      ${sql.ignoreExisting(t.instances, 'namespace')}`,

    lockInstance: `SELECT dead_at, ${now} AS now FROM ${t.instances}
      WHERE namespace = :namespace AND id = :id FOR UPDATE`,

    renewInstance: `UPDATE ${t.instances} SET lease_until = :leaseUntil, heartbeat_at = :now
      WHERE namespace = :namespace AND id = :id`,

    /** Whether it lives, and nobody declares it dead meanwhile. */
    shareInstance: `SELECT id FROM ${t.instances}
      WHERE namespace = :namespace AND id = :instance AND dead_at IS NULL ${sql.forShare}`,

    /** A limit is set; a pause is never touched. */
    registerQueues: `INSERT INTO ${t.queues} (namespace, name, cluster_limit)
      SELECT :namespace, v.name, v.cluster_limit
      FROM ${sql.rows(':rows', 'v', { name: 'key', cluster_limit: 'integer' })} WHERE v.name IS NOT NULL ORDER BY v.name
      ${sql.updateExisting('namespace, name', [`cluster_limit = ${sql.given('cluster_limit')}`])}`,

    jobs: `SELECT ${JOB_COLUMNS} FROM ${namedJobs} JOIN ${t.job_revisions} AS r ON ${CURRENT_REVISION}`,

    /** Hashes that jobs ever had, and those that other live instances have a handler for. */
    hashes: `SELECT 0 AS is_live, r.job, r.hash
        FROM ${names} ${sql.seek({ table: t.job_revisions, alias: 'r', on: 'r.namespace = :namespace AND r.job = v.value' })}
      UNION SELECT 1 AS is_live, h.job, h.hash
        FROM ${sql.list(':jobs', 'w', 'key')} ${sql.seek({ table: t.handlers, alias: 'h', on: 'h.namespace = :namespace AND h.job = w.value' })}
        JOIN ${t.instances} AS i ON i.namespace = h.namespace AND i.id = h.instance
        WHERE h.instance <> :instance AND ${alive}`,

    /** Against whoever marks them absent or changes them. */
    lockJobs: `SELECT j.name, j.absent_since, ${now} AS now FROM ${namedJobs}
      WHERE j.retired_at IS NULL ORDER BY j.name FOR UPDATE`,

    liveJobs: `SELECT DISTINCT h.job
      FROM ${names} ${sql.seek({ table: t.handlers, alias: 'h', on: 'h.namespace = :namespace AND h.job = v.value' })}
      JOIN ${t.instances} AS i ON i.namespace = h.namespace AND i.id = h.instance WHERE ${alive}`,

    announce: `INSERT INTO ${t.handlers} (namespace, job, instance, hash)
      SELECT :namespace, v.job, :instance, v.hash
      FROM ${sql.rows(':rows', 'v', { job: 'key', hash: 'key' })} WHERE v.job IS NOT NULL ORDER BY v.job
      ${sql.updateExisting('namespace, job, instance', [`hash = ${sql.given('hash')}`])}`,

    clearAbsent: (): string =>
      sql.update({
        table: t.jobs,
        from: names,
        on: 'x.namespace = :namespace AND x.name = v.value',
        set: { absent_since: 'NULL' },
      }),

    /** Absent since the first who noticed it. */
    markAbsent: (): string =>
      sql.update({
        table: t.jobs,
        from: names,
        on: 'x.namespace = :namespace AND x.name = v.value',
        set: { absent_since: `COALESCE(x.absent_since, ${sql.integer(':now')})` },
      }),

    supersessions: `SELECT value FROM ${t.settings} WHERE namespace = :namespace AND name = 'supersessions'`,

    lockJobPauses: `SELECT pauses FROM ${t.jobs} WHERE namespace = :namespace AND name = :name FOR UPDATE`,
    pauseJob: `UPDATE ${t.jobs} SET pauses = :pauses WHERE namespace = :namespace AND name = :name`,
    lockQueuePauses: `SELECT pauses FROM ${t.queues} WHERE namespace = :namespace AND name = :name FOR UPDATE`,
    pauseQueue: `UPDATE ${t.queues} SET pauses = :pauses WHERE namespace = :namespace AND name = :name`,

    queues: `SELECT name, cluster_limit, pauses FROM ${t.queues} WHERE namespace = :namespace ORDER BY name`,

    revisions: `SELECT ${REVISION_COLUMNS} FROM ${t.job_revisions}
      WHERE namespace = :namespace AND job = :job AND effective_from < :until
        AND (effective_until IS NULL OR effective_until >= :since)
      ORDER BY revision`,
  }
}

/** Which instances `i` live at a time: not declared dead, and within their lease. */
export function aliveAt(now: string): string {
  return `i.is_gone = 0 AND i.dead_at IS NULL AND i.lease_until > ${now}`
}

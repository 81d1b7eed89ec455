import { LIMIT } from './bound-limit.ts'
import type { TableNames } from '../table-names.ts'

/** The columns of a job beside its current revision, as `JobRow` has them. */
export const JOB_COLUMNS = `j.name, j.revision, r.hash, r.spec, r.version, r.effective_from, r.effective_until,
  j.planned_until, j.next_tick_at, j.first_registered_at, j.pauses, j.absent_since, j.retired_at`

/** Which instances live: not declared dead, and within their lease. Parameter: now. */
export const ALIVE = 'i.dead_at IS NULL AND i.lease_until > ?'

/** Statements about jobs, queues and instances. */
export function definitionsSql(t: TableNames) {
  return {
    /** A dead id stays dead: only one that is alive is renewed. Parameters: lease end, now, namespace, id. */
    renewInstance: `UPDATE ${t.instances} SET lease_until = ?, heartbeat_at = ? WHERE namespace = ? AND id = ? AND dead_at IS NULL`,

    insertInstance: `INSERT INTO ${t.instances} (namespace, id, name, version, started_at, heartbeat_at, lease_ms, lease_until)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, id) DO NOTHING`,

    /** A limit is set; a pause is never touched. */
    registerQueue: `INSERT INTO ${t.queues} (namespace, name, cluster_limit) VALUES (?, ?, ?)
      ON CONFLICT (namespace, name) DO UPDATE SET cluster_limit = excluded.cluster_limit`,

    useQueue: `INSERT INTO ${t.queues} (namespace, name) VALUES (?, ?) ON CONFLICT (namespace, name) DO NOTHING`,

    job: `SELECT ${JOB_COLUMNS} FROM ${t.jobs} j
      JOIN ${t.job_revisions} r ON r.namespace = j.namespace AND r.job = j.name AND r.revision = j.revision
      WHERE j.namespace = ? AND j.name = ?`,

    /** Of the jobs that a JSON text names. */
    jobs: `SELECT ${JOB_COLUMNS} FROM ${t.jobs} j
      JOIN ${t.job_revisions} r ON r.namespace = j.namespace AND r.job = j.name AND r.revision = j.revision
      WHERE j.namespace = ? AND j.name IN (SELECT value FROM json_each(?))`,

    knownHashes: `SELECT DISTINCT job, hash FROM ${t.job_revisions}
      WHERE namespace = ? AND job IN (SELECT value FROM json_each(?))`,

    liveHashes: `SELECT DISTINCT h.job, h.hash FROM ${t.handlers} h
      JOIN ${t.instances} i ON i.namespace = h.namespace AND i.id = h.instance
      WHERE h.namespace = ? AND h.job IN (SELECT value FROM json_each(?)) AND h.instance <> ? AND ${ALIVE}`,

    hasLiveHandler: `SELECT 1 FROM ${t.handlers} h
      JOIN ${t.instances} i ON i.namespace = h.namespace AND i.id = h.instance
      WHERE h.namespace = ? AND h.job = ? AND ${ALIVE} LIMIT 1`,

    supersessions: `SELECT value FROM ${t.settings} WHERE namespace = ? AND key = 'supersessions'`,
    countSupersession: `INSERT INTO ${t.settings} (namespace, key, value) VALUES (?, 'supersessions', '1')
      ON CONFLICT (namespace, key) DO UPDATE SET value = value + 1`,

    endRevision: `UPDATE ${t.job_revisions} SET effective_until = ?
      WHERE namespace = ? AND job = ? AND revision = ? AND effective_until IS NULL`,

    insertRevision: `INSERT INTO ${t.job_revisions} (namespace, job, revision, hash, spec, version, effective_from)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,

    raiseVersion: `UPDATE ${t.job_revisions} SET version = ? WHERE namespace = ? AND job = ? AND revision = ?`,

    /** The cursor is never lowered, also not by a clock that stepped back (rule 5). */
    saveJob: `INSERT INTO ${t.jobs} (namespace, name, revision, planned_until, next_tick_at, first_registered_at,
        queue, labels, overlap, on_interrupt, retry_until, is_system) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (namespace, name) DO UPDATE SET
        revision = excluded.revision,
        planned_until = max(planned_until, excluded.planned_until),
        next_tick_at = excluded.next_tick_at,
        absent_since = NULL,
        retired_at = NULL,
        queue = excluded.queue, labels = excluded.labels, overlap = excluded.overlap,
        on_interrupt = excluded.on_interrupt, retry_until = excluded.retry_until, is_system = excluded.is_system`,

    /** What waits follows its job to another queue, some at a time. */
    moveJudged: `UPDATE ${t.executions} SET queue = ? WHERE seq IN (
      SELECT seq FROM ${t.executions} INDEXED BY ${t.executions}_waiting
      WHERE namespace = ? AND job = ? AND status = 'scheduled' AND is_judged = 1 AND queue <> ? ${LIMIT})`,
    moveUnjudged: `UPDATE ${t.executions} SET queue = ? WHERE seq IN (
      SELECT seq FROM ${t.executions} INDEXED BY ${t.executions}_unjudged
      WHERE namespace = ? AND job = ? AND status = 'scheduled' AND is_judged = 0 AND queue <> ? ${LIMIT})`,

    /** What is open of a job that becomes exclusive counts as open from then on. */
    countOpen: `UPDATE ${t.executions} SET open_key = job || '#' || id
      WHERE open_key IS NULL AND seq IN (
        SELECT seq FROM ${t.executions} INDEXED BY ${t.executions}_held
          WHERE namespace = ? AND status IN ('claimed', 'running') AND job = ?
        UNION ALL SELECT seq FROM ${t.executions} INDEXED BY ${t.executions}_waiting
          WHERE namespace = ? AND job = ? AND status = 'scheduled' AND is_judged = 1 AND attempt > 0)`,

    announce: `INSERT INTO ${t.handlers} (namespace, job, instance, hash)
      SELECT namespace, ?, id, ? FROM ${t.instances} WHERE namespace = ? AND id = ? AND dead_at IS NULL
      ON CONFLICT (namespace, job, instance) DO UPDATE SET hash = excluded.hash`,

    clearAbsent: `UPDATE ${t.jobs} SET absent_since = NULL WHERE namespace = ? AND name = ? AND absent_since IS NOT NULL`,

    /** Absent since the first who noticed it. */
    markAbsent: `UPDATE ${t.jobs} SET absent_since = coalesce(absent_since, ?)
      WHERE namespace = ? AND name = ? AND retired_at IS NULL`,

    retire: `UPDATE ${t.jobs} SET retired_at = ?, next_tick_at = NULL WHERE namespace = ? AND name = ? AND retired_at IS NULL`,

    /** Ticks planned beyond a retirement do not exist. */
    dropPlanned: `DELETE FROM ${t.executions} WHERE namespace = ? AND job = ? AND is_ledger = 1 AND scheduled_for > ?
      AND status = 'scheduled' AND attempt = 0`,

    pauseJob: `UPDATE ${t.jobs} SET pauses = ? WHERE namespace = ? AND name = ? AND pauses = ?`,
    pauseQueue: `UPDATE ${t.queues} SET pauses = ? WHERE namespace = ? AND name = ? AND pauses = ?`,

    queues: `SELECT name, cluster_limit, pauses FROM ${t.queues} WHERE namespace = ? ORDER BY name`,

    revisions: `SELECT job, revision, hash, spec, version, effective_from, effective_until FROM ${t.job_revisions}
      WHERE namespace = ? AND job = ? AND effective_from < ? AND (effective_until IS NULL OR effective_until >= ?)
      ORDER BY revision`,
  }
}

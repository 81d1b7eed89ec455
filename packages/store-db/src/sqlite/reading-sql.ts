import { LIMIT } from './bound-limit.ts'
import type { TableNames } from '../table-names.ts'
import { ALIVE, JOB_COLUMNS } from './definitions-sql.ts'

/** The columns of `ExecutionRow`. Parameters: now, now, now. */
export function executionColumns(t: TableNames): string {
  const isDue = "x.status = 'scheduled' AND x.due_at <= ?"
  return `x.seq, x.id, x.job, x.revision, x.origin, x.dedupe_key, x.status, x.reason, x.queue, x.priority, x.scheduled_for,
    x.due_at, x.created_at, x.claimed_at, x.started_at, x.finished_at, x.abandoned_at, x.instance, x.fence, x.attempt,
    x.retries, x.interruptions, x.is_tick, x.concurrency_key, x.missed, x.input, x.output, x.error, x.progress,
    x.created_by, x.cancel_requested_at, x.cancel_requested_by, x.replaces, x.traceparent,
    (SELECT r.id FROM ${t.executions} r
      WHERE r.namespace = x.namespace AND r.dedupe_key = 'replaces:' || x.id AND r.job = x.job) AS replaced_by,
    (SELECT j.pauses FROM ${t.jobs} j WHERE j.namespace = x.namespace AND j.name = x.job) AS job_pauses,
    (SELECT q.pauses FROM ${t.queues} q WHERE q.namespace = x.namespace AND q.name = x.queue) AS queue_pauses,
    CASE WHEN ${isDue} THEN EXISTS (SELECT 1 FROM ${t.handlers} h
      JOIN ${t.instances} i ON i.namespace = h.namespace AND i.id = h.instance
      WHERE h.namespace = x.namespace AND h.job = x.job AND ${ALIVE}) END AS has_handler,
    CASE WHEN ${isDue} THEN x.is_exclusive = 1 AND EXISTS (SELECT 1 FROM ${t.executions} o INDEXED BY ${t.executions}_open
      WHERE o.namespace = x.namespace AND o.open_key >= x.job AND o.open_key < x.job || '$' AND o.open_key IS NOT NULL
        AND o.seq <> x.seq AND (x.attempt = 0 OR o.status <> 'scheduled')) END AS is_occupied`
}

/** The numbers of a bucket, in the order of `CountedBucket`. */
const STATS_COLUMNS =
  'bucket, succeeded, failed, timed_out, cancelled, retries, interruptions, duration_sum_ms, lateness_sum_ms, duration, lateness'

/** Statements of readers; they run in the reading thread. */
export function readingSql(t: TableNames) {
  const e = t.executions
  return {
    execution: `SELECT ${executionColumns(t)} FROM ${e} x WHERE x.namespace = ? AND x.id = ?`,

    attempts: `SELECT a.number, a.instance, a.fence, a.claimed_at, a.started_at, a.finished_at, a.outcome, a.error, a.log
      FROM ${e} x CROSS JOIN ${t.attempts} a ON a.execution_seq = x.seq
      WHERE x.namespace = ? AND x.id = ? ORDER BY a.number`,

    tickExecutions: `SELECT ${executionColumns(t)} FROM ${e} x INDEXED BY ${e}_job_page
      WHERE x.namespace = ? AND x.job = ? AND x.is_ledger = 1 AND x.scheduled_for >= ? AND x.scheduled_for <= ?
      ORDER BY x.scheduled_for, x.id ${LIMIT}`,

    spans: `SELECT job, revision, from_at, to_at, count, reason FROM ${t.spans}
      WHERE namespace = ? AND job = ? AND from_at <= ? AND to_at >= ? ORDER BY from_at ${LIMIT}`,

    instances: `SELECT i.id, i.name, i.version, i.started_at, i.heartbeat_at, i.lease_until, i.dead_at,
        (SELECT count(*) FROM ${e} x INDEXED BY ${e}_held WHERE x.namespace = i.namespace AND x.instance = i.id
          AND x.status IN ('claimed', 'running') AND x.status = 'running') AS running
      FROM ${t.instances} i WHERE i.namespace = ? ORDER BY i.started_at, i.id`,

    /** Buckets as one JSON text, in the order of `CountedBucket`: rows by the thousand cross between threads at twice the cost. */
    stats: `SELECT '[' || coalesce(group_concat('[' || ${STATS_COLUMNS.replaceAll(', ', " || ',' || ")} || ']'), '') || ']' AS buckets
      FROM ${t.stats} WHERE namespace = ? AND job = ? AND bucket >= ? AND bucket < ?`,

    /** What waits is counted in the index alone. */
    dueJudged: `SELECT queue, count(*) AS due, min(due_at) AS oldest FROM ${e} INDEXED BY ${e}_due
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 1 AND due_at <= ? GROUP BY queue`,
    dueUnjudged: `SELECT queue, count(*) AS due, min(due_at) AS oldest FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger IN (0, 1) AND due_at <= ? GROUP BY queue`,
    running: `SELECT queue, count(*) AS running FROM ${e} INDEXED BY ${e}_held
      WHERE namespace = ? AND status IN ('claimed', 'running') AND status = 'running' GROUP BY queue`,

    /**
     * Jobs with rows that wait: one seek for each job (a loose scan of the index), then one for its handlers. Numbered
     * parameters are not known to all drivers, hence the common table of two.
     */
    stranded: `WITH RECURSIVE given (namespace, now) AS (SELECT ?, ?), waiting (job) AS (
        SELECT min(job) FROM ${e} INDEXED BY ${e}_waiting
          WHERE namespace = (SELECT namespace FROM given) AND status = 'scheduled' AND is_judged = 1
        UNION ALL
        SELECT (SELECT min(job) FROM ${e} INDEXED BY ${e}_waiting
          WHERE namespace = (SELECT namespace FROM given) AND status = 'scheduled' AND is_judged = 1 AND job > waiting.job)
        FROM waiting WHERE waiting.job IS NOT NULL
      ), unjudged (job) AS (
        SELECT DISTINCT job FROM ${e} INDEXED BY ${e}_unjudged
        WHERE namespace = (SELECT namespace FROM given) AND status = 'scheduled' AND is_judged = 0 AND is_ledger IN (0, 1)
          AND due_at <= (SELECT now FROM given)
      )
      SELECT job FROM (SELECT job FROM waiting UNION SELECT job FROM unjudged) w, given g
      WHERE job IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM ${t.handlers} h JOIN ${t.instances} i ON i.namespace = h.namespace AND i.id = h.instance
          WHERE h.namespace = g.namespace AND h.job = w.job AND i.dead_at IS NULL AND i.lease_until > g.now)
        AND (job IN (SELECT job FROM unjudged) OR EXISTS (SELECT 1 FROM ${e} x INDEXED BY ${e}_waiting
          WHERE x.namespace = g.namespace AND x.job = w.job AND x.status = 'scheduled' AND x.is_judged = 1 AND x.due_at <= g.now))
      ORDER BY job ${LIMIT}`,

    jobs: `SELECT ${JOB_COLUMNS} FROM ${t.jobs} j
      JOIN ${t.job_revisions} r ON r.namespace = j.namespace AND r.job = j.name AND r.revision = j.revision`,
  }
}

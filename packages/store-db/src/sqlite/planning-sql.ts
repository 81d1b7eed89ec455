import { LIMIT } from './bound-limit.ts'
import type { TableNames } from '../table-names.ts'
import { JOB_COLUMNS } from './definitions-sql.ts'

/** Statements of the planner. */
export function planningSql(t: TableNames) {
  return {
    /** Soonest first by the partial index: jobs that are not due, absent or retired cost nothing. */
    planned: `SELECT name, next_tick_at FROM ${t.jobs} INDEXED BY ${t.jobs}_due
      WHERE namespace = ? AND next_tick_at IS NOT NULL AND absent_since IS NULL AND retired_at IS NULL
      ORDER BY next_tick_at, name ${LIMIT}`,

    job: `SELECT ${JOB_COLUMNS}, q.pauses AS queue_pauses FROM ${t.jobs} j
      JOIN ${t.job_revisions} r ON r.namespace = j.namespace AND r.job = j.name AND r.revision = j.revision
      JOIN ${t.queues} q ON q.namespace = j.namespace AND q.name = j.queue
      WHERE j.namespace = ? AND j.name = ? AND j.retired_at IS NULL`,

    lateTicks: `SELECT id, scheduled_for FROM ${t.executions} INDEXED BY ${t.executions}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 AND due_at < ? AND job = ?
      ORDER BY due_at ${LIMIT}`,

    /** Compare and set: whoever comes second finds another cursor, revision or pause and writes nothing. */
    advance: `UPDATE ${t.jobs} SET planned_until = max(planned_until, ?), next_tick_at = ?, pauses = ?
      WHERE namespace = ? AND name = ? AND revision = ? AND planned_until = ? AND pauses = ? AND retired_at IS NULL`,

    unjudged: `SELECT seq, job, revision, scheduled_for FROM ${t.executions}
      WHERE namespace = ? AND id = ? AND status = 'scheduled' AND is_judged = 0`,

    existing: `SELECT 1 FROM ${t.executions} WHERE namespace = ? AND dedupe_key = ? AND job = ?`,

    keep: `UPDATE ${t.executions} SET is_judged = 1, is_catch_up = 1, missed = ? WHERE seq = ?`,

    remove: `DELETE FROM ${t.executions} WHERE seq = ?`,
  }
}

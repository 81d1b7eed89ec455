import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'
import { CURRENT_REVISION, JOB_COLUMNS } from './job-columns.ts'

const REVISION: RowColumns = {
  job: 'key',
  revision: 'integer',
  hash: 'key',
  spec: 'text',
  version: 'integer',
  effective_from: 'integer',
}

const JOB: RowColumns = {
  name: 'key',
  revision: 'integer',
  planned_until: 'integer',
  next_tick_at: 'integer',
  queue: 'key',
  labels: 'text',
  overlap: 'key',
  on_interrupt: 'key',
  retry_until: 'key',
  is_system: 'integer',
}

/** Statements that change definitions, each for many jobs. */
export function definitionChangesSql({ tables: t, sql }: ServerContext) {
  const jobs = sql.list(':jobs', 'v', 'key')
  const columns = Object.keys(JOB)
  return {
    lock: `SELECT ${JOB_COLUMNS}
      FROM ${jobs} ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = v.value' })}
        JOIN ${t.job_revisions} AS r ON ${CURRENT_REVISION}
      ORDER BY j.name FOR UPDATE`,

    endRevisions: (): string =>
      sql.update({
        table: t.job_revisions,
        from: sql.rows(':rows', 'v', { job: 'key', revision: 'integer', effective_until: 'integer' }),
        on: 'x.namespace = :namespace AND x.job = v.job AND x.revision = v.revision AND x.effective_until IS NULL',
        set: { effective_until: 'v.effective_until' },
      }),

    /** Of two that make the same revision at once, as of a job that is new, the second fails as a whole. */
    insertRevisions: `INSERT INTO ${t.job_revisions} (namespace, ${Object.keys(REVISION).join(', ')})
      SELECT :namespace, ${Object.keys(REVISION).join(', ')} FROM ${sql.rows(':rows', 'v', REVISION)} ORDER BY v.job`,

    setVersions: (): string =>
      sql.update({
        table: t.job_revisions,
        from: sql.rows(':rows', 'v', { job: 'key', revision: 'integer', version: 'integer' }),
        on: 'x.namespace = :namespace AND x.job = v.job AND x.revision = v.revision',
        set: { version: 'v.version' },
      }),

    /** The cursor is never lowered, also not by a clock that stepped back (rule 5). */
    saveJobs: `INSERT INTO ${t.jobs} (namespace, ${columns.join(', ')}, first_registered_at)
      SELECT :namespace, ${columns.join(', ')}, planned_until
      FROM ${sql.rows(':rows', 'v', JOB)} WHERE v.name IS NOT NULL ORDER BY v.name
      ${sql.updateExisting('namespace, name', [
        ...columns
          .filter((column) => column !== 'name' && column !== 'planned_until')
          .map((column) => `${column} = ${sql.given(column)}`),
        `planned_until = GREATEST(${t.jobs}.planned_until, ${sql.given('planned_until')})`,
        'absent_since = NULL',
        'retired_at = NULL',
      ])}`,

    /** What is open of a job that becomes exclusive counts as open from then on. */
    countHeldAsOpen: (): string =>
      sql.update({
        table: t.unsettled,
        from: `${jobs} JOIN ${t.instances} AS i ON i.namespace = :namespace AND i.is_gone = 0`,
        on: 'x.namespace = :namespace AND x.held_by = i.id AND x.job = v.value AND x.open_key IS NULL',
        through: `${t.prefix}unsettled_held`,
        set: { open_key: "CONCAT(x.job, '#', x.id)" },
      }),
    countWaitingAsOpen: (): string =>
      sql.update({
        table: t.unsettled,
        from: jobs,
        on: 'x.namespace = :namespace AND x.waiting_job = v.value AND x.attempt > 0 AND x.open_key IS NULL',
        through: `${t.prefix}unsettled_waiting`,
        set: { open_key: "CONCAT(x.job, '#', x.id)" },
      }),

    countSupersessions: `INSERT INTO ${t.settings} (namespace, name, value)
      VALUES (:namespace, 'supersessions', :first)
      ${sql.updateExisting('namespace, name', [`value = ${sql.integer(`${t.settings}.value`)} + ${sql.integer(':more')}`])}`,
  }
}

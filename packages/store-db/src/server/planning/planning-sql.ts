import { CURRENT_REVISION, JOB_COLUMNS } from '../definitions/job-columns.ts'
import { aliveAt } from '../definitions/definitions-sql.ts'
import { listedExecutions } from '../named-executions.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** Statements of the planner. */
export function planningSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const jobs = sql.list(':jobs', 'v', 'key')
  return {
    /** Soonest first by the index: jobs that are not due, absent or retired cost nothing. One row at least, with the time. */
    planned: (limit: number): string => `SELECT p.name, p.plan_at, c.now FROM (SELECT ${clock.nowMs} AS now) AS c
      LEFT JOIN (SELECT name, plan_at FROM ${t.jobs} WHERE namespace = :namespace AND plan_at IS NOT NULL
        ORDER BY plan_at, name LIMIT ${limit}) AS p ON 1 = 1
      ORDER BY p.plan_at, p.name`,

    jobs: `SELECT ${JOB_COLUMNS}, q.pauses AS queue_pauses,
        CASE WHEN EXISTS (SELECT 1 FROM ${t.handlers} AS h
          JOIN ${t.instances} AS i ON i.namespace = h.namespace AND i.id = h.instance
          WHERE h.namespace = j.namespace AND h.job = j.name AND ${aliveAt(':now')}) THEN 1 ELSE 0 END AS has_live_handler
      FROM ${jobs} ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = v.value' })}
        JOIN ${t.job_revisions} AS r ON ${CURRENT_REVISION}
        JOIN ${t.queues} AS q ON q.namespace = j.namespace AND q.name = j.queue
      WHERE j.retired_at IS NULL`,

    /** Of each job the oldest ticks without a verdict that fell due before `late`. */
    lateTicks: `SELECT n.job, n.id, n.scheduled_for FROM (
        SELECT x.job, x.id, x.scheduled_for, x.unjudged_at,
          ROW_NUMBER() OVER (PARTITION BY x.job ORDER BY x.unjudged_at, x.seq) AS place
        FROM ${t.unsettled} AS x
        WHERE x.namespace = :namespace AND x.is_ledger = 1 AND x.unjudged_at < :late
      ) AS n JOIN ${jobs} ON v.value = n.job
      WHERE n.place <= :most ORDER BY n.unjudged_at, n.place`,

    /** Compare and set: whoever comes second finds another cursor, revision or pause. */
    lockJobs: `SELECT j.name, j.revision, j.planned_until, j.pauses
      FROM ${jobs} ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = v.value' })}
      WHERE j.retired_at IS NULL ORDER BY j.name FOR UPDATE`,

    lockUnjudged: `SELECT x.seq, x.id, x.job, x.revision, x.scheduled_for
      FROM ${listedExecutions(context)} ${seekUnsettled(context, 'x.seq = v.seq')}
      WHERE x.status = 'scheduled' AND x.is_judged = 0 ORDER BY x.seq ${sql.forUpdateOfX}`,

    advance: (): string =>
      sql.update({
        table: t.jobs,
        from: sql.rows(':rows', 'v', {
          name: 'key',
          planned_until: 'integer',
          next_tick_at: 'integer',
          pauses: 'text',
        }),
        on: 'x.namespace = :namespace AND x.name = v.name',
        set: {
          planned_until: 'GREATEST(x.planned_until, v.planned_until)',
          next_tick_at: 'v.next_tick_at',
          pauses: 'v.pauses',
        },
      }),

    keep: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: sql.rows(':rows', 'v', { seq: 'integer', missed: 'text' }),
        on: 'x.seq = v.seq',
        set: { is_judged: '1', is_catch_up: '1', missed: 'v.missed' },
      }),

    lockJob: `SELECT name FROM ${t.jobs} WHERE namespace = :namespace AND name = :job FOR UPDATE`,

    /** Which of the keys have an execution. */
    takenKeys: `SELECT ${sql.keyText('x.dedupe_key')} AS dedupe_key FROM ${sql.list(':keys', 'v', 'key')}
      ${sql.seek({ table: t.executions, alias: 'x', on: 'x.namespace = :namespace AND x.dedupe_key = v.value AND x.job = :job' })}`,
  }
}

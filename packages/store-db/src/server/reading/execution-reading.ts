import type { ReadStore } from '@escapement/core'
import { attemptsOf } from '../../execution/execution-row.ts'
import type { ServerContext } from '../server-context.ts'
import { spanOfRow } from '../spans/spans.ts'
import { statements } from '../statements.ts'
import { attemptRowOf, besideUnsettled, executionColumns, executionRowOf, readExecution } from './execution-columns.ts'

/** Reads one execution, and the ledger of one job, on a server. */
export function executionReading(context: ServerContext): Pick<ReadStore, 'execution' | 'tickExecutions' | 'spans'> {
  const sql = statements(executionReadingSql(context))
  return {
    async execution(namespace, id) {
      const { rows } = await context.run(sql.execution, { namespace, id })
      const [found] = rows
      if (found === undefined) return null
      const row = executionRowOf(found)
      const attempts = await context.run(sql.attempts, { seq: row.seq })
      return { execution: readExecution(found), attempts: attemptsOf(row, attempts.rows.map(attemptRowOf)) }
    },

    async tickExecutions(namespace, job, from, to, limit) {
      const { rows } = await context.run(sql.tickExecutions(limit), { namespace, job, since: from, until: to })
      return rows.map(readExecution)
    },

    async spans(namespace, job, from, to, limit) {
      const { rows } = await context.run(sql.spans(limit), { namespace, job, since: from, until: to })
      return rows.map(spanOfRow)
    },
  }
}

/** Statements that read one execution, and the ledger of one job. */
export function executionReadingSql(context: ServerContext) {
  const { tables: t } = context
  return {
    execution: `SELECT ${executionColumns(context)} FROM ${t.executions} AS x ${besideUnsettled(context)}
      WHERE x.namespace = :namespace AND x.id = :id`,

    attempts: `SELECT number, instance, fence, claimed_at, started_at, finished_at, outcome, error, log
      FROM ${t.attempts} WHERE execution_seq = :seq ORDER BY number`,

    tickExecutions: (
      limit: number,
    ): string => `SELECT ${executionColumns(context)} FROM ${t.executions} AS x ${besideUnsettled(context)}
      WHERE x.namespace = :namespace AND x.job = :job AND x.is_ledger = 1
        AND x.scheduled_for >= :since AND x.scheduled_for <= :until
      ORDER BY x.scheduled_for, x.id LIMIT ${limit}`,

    spans: (limit: number): string => `SELECT job, revision, from_at, to_at, count, reason FROM ${t.spans}
      WHERE namespace = :namespace AND job = :job AND from_at <= :until AND to_at >= :since
      ORDER BY from_at LIMIT ${limit}`,
  }
}

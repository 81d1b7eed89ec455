import type { ExecutionFilter, ReadStore } from '@escapement/core'
import { integerOf, statement } from '@escapement/db'
import { cursorOf, pageOf } from '../../page/page-cursor.ts'
import type { ServerContext } from '../server-context.ts'
import { besideUnsettled, executionColumns, readExecution } from './execution-columns.ts'
import { matchingExecutions } from './execution-filter.ts'

/** Pages and numbers of executions on a server. */
export function executionPages(context: ServerContext): Pick<ReadStore, 'executions' | 'countExecutions'> {
  const { tables: t, sql } = context
  const columns = executionColumns(context)
  const jobsLabelled = statement(`SELECT j.name FROM ${t.jobs} AS j WHERE j.namespace = :namespace
    AND EXISTS (SELECT 1 FROM ${sql.list(':labels', 'v', 'key')} WHERE ${sql.hasElement('j.labels', 'v.value')})`)

  /** Labels are those of jobs, so that what is left to filter by is in the executions. */
  const withoutLabels = async (
    namespace: string,
    { labels, ...filter }: ExecutionFilter,
  ): Promise<Omit<ExecutionFilter, 'labels'>> => {
    if (labels === undefined) return filter
    const { rows } = await context.run<{ name: string }>(jobsLabelled, { namespace, labels })
    const labelled = rows.map(({ name }) => name)
    const asked = filter.jobs === undefined ? null : new Set(filter.jobs)
    return { ...filter, jobs: asked === null ? labelled : labelled.filter((name) => asked.has(name)) }
  }

  return {
    async executions(namespace, given, page) {
      const filter = await withoutLabels(namespace, given)
      if (matchesNothing(filter)) return { items: [], next: null }
      const { text, parameters } = matchingExecutions(context, namespace, filter, page, page.limit + 1)
      const direction = page.order === 'oldest' ? 'ASC' : 'DESC'
      const rows = await context.run(
        statement(`SELECT ${columns} FROM (${text}) AS m ${sql.seek({ table: t.executions, alias: 'x', on: 'x.seq = m.seq', through: 'PRIMARY' })}
          ${besideUnsettled(context)}
          ORDER BY m.scheduled_for ${direction}, m.id ${direction}`),
        parameters,
      )
      return pageOf(rows.rows.map(readExecution), page.limit, (execution) => execution, cursorOf)
    },

    async countExecutions(namespace, given, cap) {
      const filter = await withoutLabels(namespace, given)
      if (matchesNothing(filter)) return 0
      const { text, parameters } = matchingExecutions(context, namespace, filter, { order: 'newest' }, cap)
      const count = statement(`SELECT COUNT(*) AS n FROM (${text}) AS c`)
      const { rows } = await context.run<{ n: unknown }>(count, parameters)
      return Math.min(integerOf(rows[0]?.n), cap)
    },
  }
}

/** Whether a field has no alternatives: nothing need be read to know it. */
function matchesNothing(filter: Omit<ExecutionFilter, 'labels'>): boolean {
  return Object.values(filter).some((value) => Array.isArray(value) && value.length === 0)
}

import type { JobFilter, ReadStore } from '@escapement/core'
import { type SqlValue, statement } from '@escapement/db'
import { jobStateOf } from '../../job/job-row.ts'
import { pageOf } from '../../page/page-cursor.ts'
import { CURRENT_REVISION, JOB_COLUMNS, jobRowOf } from '../definitions/job-columns.ts'
import type { ServerContext } from '../server-context.ts'
import { roundedUp } from './execution-filter.ts'

/** Pages of jobs on a server. */
export function jobPages(context: ServerContext): Pick<ReadStore, 'jobs'> {
  const { tables: t, sql } = context

  const conditionsOf = (filter: JobFilter): readonly string[] => {
    const { names, queues, labels, search, includeSystem = false, includeRetired = false } = filter
    return [
      'j.namespace = :namespace',
      'j.name > :after',
      ...(names === undefined ? [] : [sql.among('j.name', ':names')]),
      ...(queues === undefined ? [] : [sql.among('j.queue', ':queues')]),
      ...(labels === undefined
        ? []
        : [`EXISTS (SELECT 1 FROM ${sql.list(':labels', 'v', 'key')} WHERE ${sql.hasElement('j.labels', 'v.value')})`]),
      ...(search === undefined ? [] : [sql.contains('j.name', ':search')]),
      ...(includeSystem ? [] : ['j.is_system = 0']),
      ...(includeRetired ? [] : ['j.retired_at IS NULL']),
    ]
  }

  return {
    async jobs(namespace, filter, page) {
      const { names = [], queues = [], labels = [], search = '' } = filter
      const given: Record<string, SqlValue> = { names, queues, labels, search }
      const { rows } = await context.run(
        statement(`SELECT ${JOB_COLUMNS} FROM ${t.jobs} AS j JOIN ${t.job_revisions} AS r ON ${CURRENT_REVISION}
          WHERE ${conditionsOf(filter).join(' AND ')} ORDER BY j.name LIMIT ${roundedUp(page.limit + 1)}`),
        { ...given, namespace, after: page.cursor ?? '' },
      )
      return pageOf(rows.map(jobRowOf), page.limit, jobStateOf, ({ name }) => name)
    },
  }
}

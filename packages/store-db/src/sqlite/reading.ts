import type { Backlog, ExecutionFilter, JobFilter, PageRequest, ReadStore, StatsRecord } from '@escapement/core'
import { type SqliteQuery, sqliteBuilder, type SqliteValue } from '@escapement/db'
import { type RawBuilder, sql } from 'kysely'
import { type AttemptRow, attemptsOf, type ExecutionRow, executionOf } from '../execution/execution-row.ts'
import { type InstanceRow, instanceOf } from '../instance/instance-row.ts'
import { type JobRow, jobStateOf } from '../job/job-row.ts'
import { cursorOf, pageOf } from '../page/page-cursor.ts'
import { backlogOf } from '../queue/backlog.ts'
import { type SpanRow, spanOf } from '../span/span-row.ts'
import { ALL_JOBS } from '../stats/stats-change.ts'
import { type CountedBucket, mergeStats } from '../stats/merge-stats.ts'
import { matchingExecutions } from './execution-filter.ts'
import { executionColumns, readingSql } from './reading-sql.ts'
import type { SqliteContext } from './sqlite-context.ts'

const builder = sqliteBuilder<object>()

interface BacklogRow {
  readonly queue: string
  readonly due?: number
  readonly oldest?: number
  readonly running?: number
}

/** Reads on SQLite; all but the smallest run in the reading thread. */
export function sqliteReading(context: SqliteContext): ReadStore {
  const { tables } = context
  const text = readingSql(tables)
  const all = async <Row>(statement: string, parameters: readonly SqliteValue[]): Promise<Row[]> =>
    (await context.query([{ sql: statement, parameters }]))[0] as Row[]

  return {
    async executions(namespace, filter, page) {
      const now = context.now()
      const query = executionsQuery(namespace, filter, page, now)
      const rows = (await context.query([query]))[0] as ExecutionRow[]
      return pageOf(
        rows,
        page.limit,
        (row) => executionOf(row, now),
        (row) => cursorOf({ scheduledFor: row.scheduled_for, id: row.id }),
      )
    },

    async countExecutions(namespace, filter, cap) {
      const matching = matchingExecutions(tables, namespace, filter, { order: 'newest' }, cap)
      const [rows] = await context.query([compiled(sql`SELECT count(*) AS n FROM (${matching})`)])
      return (rows as { n: number }[])[0]?.n ?? 0
    },

    async execution(namespace, id) {
      const now = context.now()
      return context.read((session) => {
        const row = session.get<ExecutionRow>(text.execution, [now, now, now, namespace, id])
        if (row === undefined) return null
        const attempts = session.all<AttemptRow>(text.attempts, [namespace, id])
        return { execution: executionOf(row, now), attempts: attemptsOf(row, attempts) }
      })
    },

    async jobs(namespace, filter, page) {
      const query = jobsQuery(namespace, filter, page)
      const rows = (await context.query([query]))[0] as JobRow[]
      return pageOf(rows, page.limit, jobStateOf, (row) => row.name)
    },

    async instances(namespace) {
      const now = context.now()
      const rows = await all<InstanceRow>(text.instances, [namespace])
      return rows.map((row) => instanceOf(row, now))
    },

    spans: async (namespace, job, from, to, limit) =>
      (await all<SpanRow>(text.spans, [namespace, job, to, from, limit])).map(spanOf),

    async tickExecutions(namespace, job, from, to, limit) {
      const now = context.now()
      const rows = await all<ExecutionRow>(text.tickExecutions, [now, now, now, namespace, job, from, to, limit])
      return rows.map((row) => executionOf(row, now))
    },

    async stats(namespace, { job, from, to }): Promise<readonly StatsRecord[]> {
      const counted = job ?? ALL_JOBS
      const [row] = await all<{ buckets: string }>(text.stats, [namespace, counted, from, to])
      return mergeStats(counted, JSON.parse(row?.buckets ?? '[]') as CountedBucket[])
    },

    async backlog(namespace) {
      const now = context.now()
      const answers = await context.query([
        { sql: text.dueJudged, parameters: [namespace, now] },
        { sql: text.dueUnjudged, parameters: [namespace, now] },
        { sql: text.running, parameters: [namespace] },
      ])
      return backlogOf((answers.flat() as BacklogRow[]).map((row) => countedOf(row, now)))
    },

    async stranded(namespace, limit) {
      const rows = await all<{ job: string }>(text.stranded, [namespace, context.now(), limit])
      return rows.map(({ job }) => job)
    },
  }

  function executionsQuery(namespace: string, filter: ExecutionFilter, page: PageRequest, now: number): SqliteQuery {
    const direction = sql.raw(page.order === 'oldest' ? 'ASC' : 'DESC')
    const matching = matchingExecutions(tables, namespace, filter, page, page.limit + 1)
    return compiled(sql`SELECT ${withParameters(executionColumns(tables), now)}
      FROM (${matching}) m CROSS JOIN ${sql.raw(tables.executions)} x ON x.seq = m.seq
      ORDER BY m.scheduled_for ${direction}, m.id ${direction}`)
  }

  function jobsQuery(namespace: string, filter: JobFilter, page: PageRequest): SqliteQuery {
    const { names, queues, labels, search, includeSystem = false, includeRetired = false } = filter
    const among = (values: readonly string[]): RawBuilder<unknown> =>
      sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`
    const conditions = [sql`j.namespace = ${namespace}`, sql`j.name > ${page.cursor ?? ''}`]
    if (names !== undefined) conditions.push(sql`j.name IN ${among(names)}`)
    if (queues !== undefined) conditions.push(sql`j.queue IN ${among(queues)}`)
    if (labels !== undefined) {
      conditions.push(sql`EXISTS (SELECT 1 FROM json_each(j.labels) l WHERE l.value IN ${among(labels)})`)
    }
    if (search !== undefined) conditions.push(sql`instr(lower(j.name), lower(${search})) > 0`)
    if (!includeSystem) conditions.push(sql`j.is_system = 0`)
    if (!includeRetired) conditions.push(sql`j.retired_at IS NULL`)
    return compiled(sql`${sql.raw(text.jobs)} WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY j.name LIMIT ${page.limit + 1}`)
  }
}

function compiled(statement: RawBuilder<unknown>): SqliteQuery {
  const { sql: text, parameters } = statement.compile(builder)
  return { sql: text, parameters: parameters as SqliteValue[] }
}

/** A text in which each `?` stands for one value. */
function withParameters(text: string, value: SqliteValue): RawBuilder<unknown> {
  return sql.join(
    text.split('?').map((part) => sql.raw(part)),
    sql`${value}`,
  )
}

function countedOf({ queue, due = 0, oldest, running = 0 }: BacklogRow, now: number): Backlog {
  return { queue, due, running, oldestDueMs: oldest === undefined ? 0 : now - oldest }
}

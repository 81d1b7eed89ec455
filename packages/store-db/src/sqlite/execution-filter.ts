import type { ExecutionFilter, ExecutionStatus, PageRequest } from '@escapement/core'
import { type RawBuilder, sql } from 'kysely'
import { type PagePlace, parseCursor } from '../page/page-cursor.ts'
import type { TableNames } from '../table-names.ts'

/** Ended otherwise than well: few among many, and what people look for. The index `rare_page` has the same words. */
const RARE: ReadonlySet<ExecutionStatus> = new Set(['failed', 'timed_out', 'cancelled', 'skipped'])
const UNSETTLED: ReadonlySet<ExecutionStatus> = new Set(['scheduled', 'running'])
/** Jobs, and statuses of them, that are each read by a path of their own; more are filtered out of all. */
const MOST_PATHS = 100

type Condition = RawBuilder<unknown>

/** One way into the table: an index that delivers rows in the order of the page. */
interface Path {
  /** Null: whatever SQLite finds best. */
  readonly index: string | null
  readonly condition: Condition
}

/**
 * Row numbers of the executions that match, in the order of the page. Each path reads as much of its index as the page
 * needs; together they hold every match once.
 */
export function matchingExecutions(
  t: TableNames,
  namespace: string,
  filter: ExecutionFilter,
  { cursor, order = 'newest' }: Pick<PageRequest, 'cursor' | 'order'>,
  limit: number,
): RawBuilder<unknown> {
  const place = cursor == null ? null : parseCursor(cursor)
  const direction = sql.raw(order === 'newest' ? 'DESC' : 'ASC')
  const rest = [...conditions(t, namespace, filter), ...(place === null ? [] : [behind(place, order)])]
  const branches = pathsOf(filter).map(({ index, condition }) => {
    const hint = index === null ? sql`` : sql`INDEXED BY ${sql.raw(`${t.executions}_${index}`)}`
    return sql`SELECT * FROM (SELECT seq, scheduled_for, id FROM ${sql.raw(t.executions)} ${hint}
      WHERE namespace = ${namespace} AND ${sql.join([condition, ...rest], sql` AND `)}
      ORDER BY scheduled_for ${direction}, id ${direction} LIMIT ${limit})`
  })
  return sql`SELECT seq, scheduled_for, id FROM (${sql.join(branches, sql` UNION ALL `)})
    ORDER BY scheduled_for ${direction}, id ${direction} LIMIT ${limit}`
}

function pathsOf({ ids, key, statuses, jobs }: ExecutionFilter): readonly Path[] {
  if (ids !== undefined)
    return [{ index: 'id', condition: sql`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))` }]
  if (key !== undefined) return [{ index: 'dedupe', condition: sql`dedupe_key = ${`key:${key}`}` }]
  const isEvery = (set: ReadonlySet<ExecutionStatus>): boolean =>
    statuses !== undefined && statuses.length > 0 && statuses.every((status) => set.has(status))
  if (isEvery(RARE)) {
    const rare = [...new Set(statuses)]
    const ofJobs = [...new Set(jobs)].flatMap((job) => rare.map((status) => rareOfJobPath(job, status)))
    return ofJobs.length > 0 && ofJobs.length <= MOST_PATHS ? ofJobs : rare.map(rarePath)
  }
  if (statuses?.length === 1 && statuses[0] === 'running') {
    return [{ index: 'held', condition: sql`status IN ('claimed', 'running')` }]
  }
  if (isEvery(UNSETTLED)) return [{ index: 'unsettled_page', condition: sql`finished_at IS NULL` }]
  if (jobs !== undefined && jobs.length > 0 && jobs.length <= MOST_PATHS) {
    return [...new Set(jobs)].flatMap((job) => [jobPath(job, 0), jobPath(job, 1)])
  }
  return [{ index: 'page', condition: sql`1` }]
}

const RARE_WORDS = sql`status IN ('failed', 'timed_out', 'cancelled', 'skipped')`

function rarePath(status: ExecutionStatus): Path {
  return { index: 'rare_page', condition: sql`status = ${status} AND ${RARE_WORDS}` }
}

function rareOfJobPath(job: string, status: ExecutionStatus): Path {
  return { index: 'job_rare_page', condition: sql`job = ${job} AND status = ${status} AND ${RARE_WORDS}` }
}

function jobPath(job: string, isLedger: 0 | 1): Path {
  return { index: 'job_page', condition: sql`job = ${job} AND is_ledger = ${isLedger}` }
}

function conditions(t: TableNames, namespace: string, filter: ExecutionFilter): Condition[] {
  const { jobs, statuses, origins, queues, instances, labels, from, to, createdBefore, search } = filter
  const found: Condition[] = []
  const among = (column: string, values: readonly string[] | undefined): void => {
    if (values === undefined) return
    found.push(sql`${sql.raw(column)} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`)
  }
  among('job', jobs)
  among(
    'status',
    statuses?.flatMap((status) => (status === 'scheduled' ? ['scheduled', 'claimed'] : [status])),
  )
  among('origin', origins)
  among('queue', queues)
  among('instance', instances)
  if (labels !== undefined) {
    found.push(sql`job IN (SELECT j.name FROM ${sql.raw(t.jobs)} j, json_each(j.labels) l
      WHERE j.namespace = ${namespace} AND l.value IN (SELECT value FROM json_each(${JSON.stringify(labels)})))`)
  }
  if (from !== undefined) found.push(sql`scheduled_for >= ${from}`)
  if (to !== undefined) found.push(sql`scheduled_for < ${to}`)
  if (createdBefore !== undefined) found.push(sql`created_at <= ${createdBefore}`)
  if (search !== undefined) found.push(contains(search))
  return found
}

/** SQLite's `lower` knows only ASCII letters, which is what the port asks for. */
function contains(search: string): Condition {
  const columns = [
    'job',
    "iif(dedupe_key LIKE 'key:%', substr(dedupe_key, 5), '')",
    'id',
    "error ->> '$.message'",
    'input',
  ]
  const texts = sql.raw(columns.map((column) => `coalesce(${column}, '')`).join(` || char(0) || `))
  return sql`instr(lower(${texts}), lower(${search})) > 0`
}

function behind({ scheduledFor, id }: PagePlace, order: 'newest' | 'oldest'): Condition {
  const comparison = sql.raw(order === 'newest' ? '<' : '>')
  return sql`(scheduled_for, id) ${comparison} (${scheduledFor}, ${id})`
}

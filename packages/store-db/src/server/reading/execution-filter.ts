import type { ExecutionFilter, ExecutionStatus, PageRequest } from '@escapement/core'
import type { SqlParameters, SqlValue } from '@escapement/db'
import { parseCursor } from '../../page/page-cursor.ts'
import type { ServerContext } from '../server-context.ts'

/** Ended otherwise than well: few among many, and what people look for. The column `rare_status` has the same words. */
const RARE: ReadonlySet<ExecutionStatus> = new Set(['failed', 'timed_out', 'cancelled', 'skipped'])
const UNSETTLED: ReadonlySet<ExecutionStatus> = new Set(['scheduled', 'running'])
/** Paths of one page; what would need more is filtered out of all. */
const MOST_PATHS = 128

/** A query and the values of its parameters. */
export interface Query {
  readonly text: string
  readonly parameters: SqlParameters
}

/** Collects the values of a query's parameters. */
type Put = (name: string, value: SqlValue) => string

/** One way into the table: an index that delivers rows in the order of the page. */
interface Path {
  /** Null: whatever the server finds best. */
  readonly index: string | null
  readonly condition: string
  /** A column that is null and stands before the order of the page in that of the index. */
  readonly nullColumn?: string
  /** A list that the table is joined to. */
  readonly from?: string
  /** Whether it leads to executions of one of the jobs that are asked for. */
  readonly isOfJob?: true
}

/**
 * The executions that match, as `seq`, `scheduled_for` and `id`, in the order of the page. Each path reads as much of its
 * index as the page needs; together they hold every match once. The number of texts is bounded: servers keep a plan for
 * each. So values are parameters, and limits and numbers of paths are rounded up to powers of two.
 *
 * @param filter - Without labels, which the caller has turned into jobs.
 */
export function matchingExecutions(
  context: ServerContext,
  namespace: string,
  filter: Omit<ExecutionFilter, 'labels'>,
  { cursor, order = 'newest' }: Pick<PageRequest, 'cursor' | 'order'>,
  limit: number,
): Query {
  const { tables: t, sql } = context
  const parameters: Record<string, SqlValue> = { namespace }
  const put: Put = (name, value) => {
    parameters[name] = value
    return `:${name}`
  }
  const direction = order === 'newest' ? 'DESC' : 'ASC'
  const most = roundedUp(limit)
  const paths = pathsOf(context, filter, put)
  const rest = [...conditionsOf(context, filter, put), ...behind(cursor, order, put)]
  // Said again, PostgreSQL would seek by all jobs at once and lose the order.
  if (filter.jobs !== undefined && !paths.every(({ isOfJob = false }) => isOfJob)) {
    rest.push(sql.among('x.job', put('jobs', filter.jobs)))
  }
  const branches = paths.map(({ index, condition, nullColumn, from }) => {
    const hint = index === null ? '' : sql.through(`${t.prefix}executions_${index}`)
    const table = `${from === undefined ? '' : `${from} ${sql.join}`} ${t.executions} AS x ${hint}`
    const where = ['x.namespace = :namespace', condition, ...rest].join(' AND ')
    const first = nullColumn === undefined ? '' : sql.behindNull(nullColumn, direction)
    return `(SELECT x.seq, x.scheduled_for, x.id FROM ${table}${from === undefined ? ' WHERE' : ' ON'} ${where}
      ORDER BY ${first}x.scheduled_for ${direction}, x.id ${direction} LIMIT ${most})`
  })
  const text = `SELECT m.seq, m.scheduled_for, m.id FROM (${branches.join(' UNION ALL ')}) AS m
    ORDER BY m.scheduled_for ${direction}, m.id ${direction} LIMIT ${most}`
  return { text, parameters }
}

/** The next power of two. */
export function roundedUp(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)))
}

function pathsOf({ sql }: ServerContext, filter: ExecutionFilter, put: Put): readonly Path[] {
  const { ids, key, statuses, jobs } = filter
  if (ids !== undefined) {
    const from = sql.list(put('ids', [...new Set(ids)]), 'v', 'key')
    return [{ index: 'id', condition: 'x.id = v.value', from }]
  }
  if (key !== undefined) return [{ index: 'dedupe', condition: `x.dedupe_key = ${put('key', `key:${key}`)}` }]
  const isEvery = (set: ReadonlySet<ExecutionStatus>): boolean =>
    statuses !== undefined && statuses.length > 0 && statuses.every((status) => set.has(status))
  if (isEvery(RARE)) return rarePaths([...new Set(jobs)], [...new Set(statuses)], put)
  if (statuses?.length === 1 && statuses[0] === 'running') {
    return [{ index: 'held', condition: 'x.held_by IS NOT NULL' }]
  }
  if (isEvery(UNSETTLED)) {
    return [{ index: 'finished', condition: 'x.finished_at IS NULL', nullColumn: 'x.finished_at' }]
  }
  const among = padded([...new Set(jobs)])
  if (among.length === 0 || 2 * among.length > MOST_PATHS) return [{ index: 'page', condition: 'TRUE' }]
  return among.flatMap((job, at) => {
    const ofJob = `x.job = ${put(`job${at}`, job)}`
    const pathOf = (isLedger: 0 | 1): Path => {
      return { index: 'job_page', condition: `${ofJob} AND x.is_ledger = ${isLedger}`, isOfJob: true }
    }
    return [pathOf(0), pathOf(1)]
  })
}

function rarePaths(jobs: readonly string[], statuses: readonly ExecutionStatus[], put: Put): readonly Path[] {
  const isRare = statuses.map((status, at) => `x.rare_status = ${put(`rare${at}`, status)}`)
  const among = padded(jobs)
  if (among.length === 0 || among.length * isRare.length > MOST_PATHS) {
    return isRare.map((condition) => ({ index: 'rare_page', condition }))
  }
  return among.flatMap((job, at) => {
    const ofJob = `x.job = ${put(`job${at}`, job)}`
    return isRare.map(
      (condition): Path => ({ index: 'job_rare_page', condition: `${ofJob} AND ${condition}`, isOfJob: true }),
    )
  })
}

/** As many as the next power of two; no job has an empty name. */
function padded(jobs: readonly string[]): readonly string[] {
  return jobs.length === 0 ? [] : Array.from({ length: roundedUp(jobs.length) }, (_, at) => jobs[at] ?? '')
}

function conditionsOf({ sql }: ServerContext, filter: ExecutionFilter, put: Put): readonly string[] {
  const { statuses, origins, queues, instances, from, to, createdBefore, search } = filter
  const found: string[] = []
  const among = (column: string, name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) found.push(sql.among(column, put(name, values)))
  }
  among(
    'x.status',
    'statuses',
    statuses?.flatMap((status) => (status === 'scheduled' ? ['scheduled', 'claimed'] : [status])),
  )
  among('x.origin', 'origins', origins)
  among('x.queue', 'queues', queues)
  among('x.instance', 'instances', instances)
  if (from !== undefined) found.push(`x.scheduled_for >= ${put('since', from)}`)
  if (to !== undefined) found.push(`x.scheduled_for < ${put('until', to)}`)
  if (createdBefore !== undefined) found.push(`x.created_at <= ${put('createdBefore', createdBefore)}`)
  if (search !== undefined) {
    const key = `CASE WHEN ${sql.keyText('x.dedupe_key')} LIKE 'key:%' THEN SUBSTR(${sql.keyText('x.dedupe_key')}, 5) END`
    const texts = ['x.job', key, 'x.id', sql.jsonText('x.error', ['message']), 'x.input']
    const text = put('search', search)
    found.push(`(${texts.map((column) => sql.contains(column, text)).join(' OR ')})`)
  }
  return found
}

/** Said twice: PostgreSQL seeks by the row, MySQL and MariaDB by the alternatives. */
function behind(cursor: string | null | undefined, order: 'newest' | 'oldest', put: Put): readonly string[] {
  if (cursor == null) return []
  const { scheduledFor, id } = parseCursor(cursor)
  const [at, last] = [put('placeAt', scheduledFor), put('placeId', id)]
  const sign = order === 'newest' ? '<' : '>'
  return [
    `(x.scheduled_for, x.id) ${sign} (${at}, ${last})`,
    `(x.scheduled_for ${sign} ${at} OR (x.scheduled_for = ${at} AND x.id ${sign} ${last}))`,
  ]
}

import type { ExecutionFilter, ExecutionStatus, PageRequest } from '@escapement/core'
import type { SqlParameters, SqlValue } from '@escapement/db'
import { parseCursor } from '../../page/page-cursor.ts'
import type { ServerContext } from '../server-context.ts'
import { besideUnsettled, current } from './execution-columns.ts'

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
  /** A list that the table is joined to. */
  readonly from?: string
  /** It leads through what is not settled. */
  readonly isUnsettled?: true
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
  const isLive = paths.some(({ isUnsettled = false }) => isUnsettled)
  const isMore = !isLive && knowsMore(filter)
  const column = (name: string): string => (isMore ? current(name) : `${isLive ? 'u' : 'x'}.${name}`)
  const rest = [...conditionsOf(context, filter, put, column), ...behind(isLive ? 'u' : 'x', cursor, order, put)]
  // Said again, PostgreSQL would seek by all jobs at once and lose the order.
  if (filter.jobs !== undefined && !paths.every(({ isOfJob = false }) => isOfJob)) {
    rest.push(sql.among(`${isLive ? 'u' : 'x'}.job`, put('jobs', filter.jobs)))
  }
  const branches = paths.map(({ index, condition, from, isUnsettled = false }) => {
    const lead = isUnsettled ? 'u' : 'x'
    const hint = index === null ? '' : sql.through(`${t.prefix}${isUnsettled ? 'unsettled' : 'executions'}_${index}`)
    const where = [`${lead}.namespace = :namespace`, condition, ...rest].join(' AND ')
    const table = isUnsettled
      ? `${t.unsettled} AS u ${hint} ${sql.join} ${t.executions} AS x ${sql.through('PRIMARY')} ON x.seq = u.seq`
      : `${from === undefined ? '' : `${from} ${sql.join}`} ${t.executions} AS x ${hint}
        ${from === undefined ? '' : `ON x.namespace = :namespace AND ${condition}`}
        ${isMore ? besideUnsettled(context) : ''}`
    return `(SELECT x.seq, x.scheduled_for, x.id FROM ${table} WHERE ${where}
      ORDER BY ${lead}.scheduled_for ${direction}, ${lead}.id ${direction} LIMIT ${most})`
  })
  const text = `SELECT m.seq, m.scheduled_for, m.id FROM (${branches.join(' UNION ALL ')}) AS m
    ORDER BY m.scheduled_for ${direction}, m.id ${direction} LIMIT ${most}`
  return { text, parameters }
}

/** The next power of two. */
export function roundedUp(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)))
}

/** Whether it asks for what an unsettled row knows better. */
function knowsMore({ statuses, queues, instances }: ExecutionFilter): boolean {
  return queues !== undefined || instances !== undefined || (statuses?.some((status) => UNSETTLED.has(status)) ?? false)
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
  if (isEvery(UNSETTLED)) {
    const held: Path = { index: 'held', condition: 'u.held_by IS NOT NULL', isUnsettled: true }
    if (statuses?.length === 1 && statuses[0] === 'running') return [held]
    return [held, { index: 'page', condition: 'u.held_by IS NULL', isUnsettled: true }]
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

function conditionsOf(
  { sql }: ServerContext,
  filter: ExecutionFilter,
  put: Put,
  column: (name: string) => string,
): readonly string[] {
  const { statuses, origins, queues, instances, from, to, createdBefore, search } = filter
  const found: string[] = []
  const among = (searched: string, name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined) found.push(sql.among(searched, put(name, values)))
  }
  among(
    column('status'),
    'statuses',
    statuses?.flatMap((status) => (status === 'scheduled' ? ['scheduled', 'claimed'] : [status])),
  )
  among('x.origin', 'origins', origins)
  among(column('queue'), 'queues', queues)
  among(column('instance'), 'instances', instances)
  if (from !== undefined) found.push(`x.scheduled_for >= ${put('since', from)}`)
  if (to !== undefined) found.push(`x.scheduled_for < ${put('until', to)}`)
  if (createdBefore !== undefined) found.push(`x.created_at <= ${put('createdBefore', createdBefore)}`)
  if (search !== undefined) {
    const key = `CASE WHEN ${sql.keyText('x.dedupe_key')} LIKE 'key:%' THEN SUBSTR(${sql.keyText('x.dedupe_key')}, 5) END`
    const texts = ['x.job', key, 'x.id', sql.jsonText('x.error', ['message']), 'x.input']
    const text = put('search', search)
    found.push(`(${texts.map((each) => sql.contains(each, text)).join(' OR ')})`)
  }
  return found
}

/** Said twice: PostgreSQL seeks by the row, MySQL and MariaDB by the alternatives. */
function behind(
  table: 'u' | 'x',
  cursor: string | null | undefined,
  order: 'newest' | 'oldest',
  put: Put,
): readonly string[] {
  if (cursor == null) return []
  const { scheduledFor, id } = parseCursor(cursor)
  const [at, last] = [put('placeAt', scheduledFor), put('placeId', id)]
  const sign = order === 'newest' ? '<' : '>'
  return [
    `(${table}.scheduled_for, ${table}.id) ${sign} (${at}, ${last})`,
    `(${table}.scheduled_for ${sign} ${at} OR (${table}.scheduled_for = ${at} AND ${table}.id ${sign} ${last}))`,
  ]
}

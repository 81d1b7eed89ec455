import { InvalidOptionError } from '@escapement/base'
import type { JobState } from '../store/job-state.ts'
import type { ExecutionFilter, JobFilter, Page, PageRequest } from '../store/read-store.ts'
import { callerKey, type ExecutionRow, visibleStatus } from './execution-row.ts'
import { compareRows } from './job-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import type { SortedList } from './sorted-list.ts'

/** Where a page of executions ended. */
type Place = Pick<ExecutionRow, 'scheduledFor' | 'id'>

/** One page of the executions that match. */
export function executionPage(tables: MemoryTables, filter: ExecutionFilter, page: PageRequest): Page<ExecutionRow> {
  const items: ExecutionRow[] = []
  const after = page.cursor == null ? null : parseCursor(page.cursor)
  for (const row of matchingRows(tables, filter, page.order ?? 'newest', after)) {
    if (items.length === page.limit) {
      const last = items.at(-1) as ExecutionRow
      return { items, next: `${last.scheduledFor}:${last.id}` }
    }
    items.push(row)
  }
  return { items, next: null }
}

/** The executions that match, in order, lazily. `after`: where the page before ended. */
export function* matchingRows(
  tables: MemoryTables,
  filter: ExecutionFilter,
  order: 'newest' | 'oldest',
  after: Place | null,
): Generator<ExecutionRow> {
  const matches = rowFilter(tables, filter)
  if (filter.ids !== undefined) {
    const rows = [...new Set(filter.ids)].flatMap((id) => tables.executions.get(id) ?? []).toSorted(compareRows)
    for (const row of order === 'newest' ? rows.toReversed() : rows) {
      const distance = after === null ? 0 : compareRows(row, after as ExecutionRow)
      const isBehind = after === null || (order === 'newest' ? distance < 0 : distance > 0)
      if (isBehind && matches(row)) yield row
    }
    return
  }
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter
  const list = listFor(tables, filter)
  if (order === 'oldest') {
    const isBefore = (row: ExecutionRow): boolean =>
      row.scheduledFor < from || (after !== null && compareRows(row, after as ExecutionRow) <= 0)
    for (const row of list.from(isBefore)) {
      if (row.scheduledFor >= to) return
      if (matches(row)) yield row
    }
  } else {
    const isBefore = (row: ExecutionRow): boolean =>
      row.scheduledFor < to && (after === null || compareRows(row, after as ExecutionRow) < 0)
    for (const row of list.backFrom(isBefore)) {
      if (row.scheduledFor < from) return
      if (matches(row)) yield row
    }
  }
}

/** One page of the jobs that match, by name. */
export function jobPage(tables: MemoryTables, filter: JobFilter, page: PageRequest): Page<JobState> {
  const { names, queues, labels, includeSystem = false, includeRetired = false } = filter
  const search = filter.search === undefined ? null : containing(filter.search)
  const cursor = page.cursor ?? ''
  const found = [...tables.jobs.values()]
    .flatMap(({ state }) => state ?? [])
    .filter(({ name, current: { spec }, retiredAt }) => {
      if (name <= cursor || (spec.isSystem && !includeSystem) || (retiredAt !== null && !includeRetired)) return false
      if (names?.includes(name) === false || queues?.includes(spec.queue) === false) return false
      if (labels?.some((label) => spec.labels.includes(label)) === false) return false
      return search?.test(name) !== false
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const items = found.slice(0, page.limit)
  return { items, next: found.length > page.limit ? (items.at(-1)?.name ?? null) : null }
}

function listFor(tables: MemoryTables, { jobs }: ExecutionFilter): SortedList<ExecutionRow> {
  const [only] = jobs ?? []
  return jobs?.length === 1 && only !== undefined ? tables.job(only).executions : tables.ordered
}

function rowFilter(tables: MemoryTables, filter: ExecutionFilter): (row: ExecutionRow) => boolean {
  const { jobs, statuses, origins, queues, instances, labels, from, to, createdBefore, key } = filter
  const search = filter.search === undefined ? null : containing(filter.search)
  return (row) =>
    jobs?.includes(row.job) !== false &&
    statuses?.includes(visibleStatus(row)) !== false &&
    origins?.includes(row.origin) !== false &&
    queues?.includes(row.queue) !== false &&
    (instances === undefined || instances.includes(row.instance ?? '')) &&
    labels?.some((label) => tables.job(row.job).state?.current.spec.labels.includes(label)) !== false &&
    (from === undefined || row.scheduledFor >= from) &&
    (to === undefined || row.scheduledFor < to) &&
    (createdBefore === undefined || row.createdAt <= createdBefore) &&
    (key === undefined || callerKey(row) === key) &&
    (search === null ||
      [row.job, callerKey(row), row.id, row.error?.message, row.input].some((text) => search.test(text ?? '')))
}

/** Matches text that contains `search`; ASCII letters in either case. */
function containing(search: string): RegExp {
  const pattern = search
    .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
    .replaceAll(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)
  return new RegExp(pattern)
}

function parseCursor(cursor: string): Place {
  const match = /^(-?\d+):(.+)$/s.exec(cursor)
  if (match === null) {
    throw new InvalidOptionError(`cursor is '${cursor.slice(0, 40)}'; pass \`next\` of the page before, unchanged`)
  }
  return { scheduledFor: Number(match[1]), id: match[2] as string }
}

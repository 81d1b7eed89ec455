import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import { checkCount } from '../context/check-count.ts'
import { checkStorable } from '../context/check-storable.ts'
import { checkText, checkTexts } from '../context/check-texts.ts'
import type { AnyJob } from '../job/job.ts'
import type { ExecutionOrigin, ExecutionStatus } from '../store/execution.ts'
import type { ExecutionFilter, JobFilter, PageRequest } from '../store/read-store.ts'
import { instantMs } from '../trigger/instant.ts'

const DEFAULT_PAGE = 50
const LARGEST_PAGE = 500
const LONGEST_SEARCH = 200

const STATUSES: { readonly [Status in ExecutionStatus]: true } = {
  scheduled: true,
  running: true,
  succeeded: true,
  failed: true,
  timed_out: true,
  cancelled: true,
  skipped: true,
}
const ORIGINS: { readonly [Origin in ExecutionOrigin]: true } = {
  tick: true,
  enqueued: true,
  event: true,
  backfill: true,
  retry: true,
}
const EXECUTION_FILTER: NamesOf<ExecutionFilter> = {
  jobs: true,
  statuses: true,
  origins: true,
  queues: true,
  instances: true,
  labels: true,
  ids: true,
  from: true,
  to: true,
  createdBefore: true,
  key: true,
  search: true,
}
const JOB_FILTER: NamesOf<JobFilter> = {
  names: true,
  queues: true,
  labels: true,
  search: true,
  includeSystem: true,
  includeRetired: true,
}
const PAGE: NamesOf<PageRequest> = { limit: true, cursor: true, order: true }

/** The name of a job that is given itself or by name. @throws {@link InvalidOptionError} */
export function jobNameOf(job: AnyJob | string): string {
  const name: unknown = typeof job === 'object' && job !== null ? job.name : job
  checkText('job', name)
  return name
}

/** A filter whose instants are numbers. @throws {@link InvalidOptionError}: a name that is not known would match more. */
export function checkedExecutionFilter(filter: ExecutionFilter): ExecutionFilter {
  checkNames('the filter of executions', filter, EXECUTION_FILTER, 'field')
  const { from, to, createdBefore, key, ...rest } = filter
  for (const name of ['jobs', 'queues', 'instances', 'labels', 'ids'] as const) {
    if (rest[name] !== undefined) checkTexts(`filter.${name}`, rest[name])
  }
  if (rest.statuses !== undefined) checkTexts('filter.statuses', rest.statuses, Object.keys(STATUSES))
  if (rest.origins !== undefined) checkTexts('filter.origins', rest.origins, Object.keys(ORIGINS))
  checkSearch(rest.search)
  if (key !== undefined) checkText('filter.key', key)
  return {
    ...rest,
    ...(key === undefined ? {} : { key }),
    ...(from === undefined ? {} : { from: instantMs(from, 'filter.from') }),
    ...(to === undefined ? {} : { to: instantMs(to, 'filter.to') }),
    ...(createdBefore === undefined ? {} : { createdBefore: instantMs(createdBefore, 'filter.createdBefore') }),
  }
}

/** @throws {@link InvalidOptionError} */
export function checkJobFilter(filter: JobFilter): void {
  checkNames('the filter of jobs', filter, JOB_FILTER, 'field')
  for (const name of ['names', 'queues', 'labels'] as const) {
    if (filter[name] !== undefined) checkTexts(`filter.${name}`, filter[name])
  }
  for (const name of ['includeSystem', 'includeRetired'] as const) checkFlag(`filter.${name}`, filter[name])
  checkSearch(filter.search)
}

/** A page request with its limit filled in. @throws {@link InvalidOptionError} */
export function checkedPage(page: Partial<PageRequest>): PageRequest {
  checkNames('page', page, PAGE)
  const { limit = DEFAULT_PAGE, cursor, order } = page
  checkCount('limit', limit, LARGEST_PAGE)
  if (cursor !== undefined && cursor !== null) checkText('cursor', cursor)
  if (order !== undefined) checkText('order', order, ['newest', 'oldest'])
  return { ...page, limit }
}

/** @throws {@link InvalidOptionError} unless `value` is true, false or left out. */
export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new InvalidOptionError(`${name} is ${JSON.stringify(value)}; it must be true or false`)
}

function checkSearch(search: unknown): void {
  if (search === undefined) return
  if (typeof search !== 'string') throw new InvalidOptionError(`filter.search is a ${typeof search}; it must be text`)
  if (search.length <= LONGEST_SEARCH) return checkStorable('filter.search', search)
  throw new InvalidOptionError(`filter.search has ${search.length} characters; at most ${LONGEST_SEARCH} are taken`)
}

import type { ExecutionFilter } from '@escapement/core'
import { statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { matchingExecutions } from '../../src/server/reading/execution-filter.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { openFilled } from './large-tables.ts'
import { openerFor } from './server-pools.ts'

const FILTERS: readonly [string, ExecutionFilter, string, number][] = [
  ['nothing', {}, 'page', 0],
  ['jobs', { jobs: ['job-1', 'job-2', 'job-3'] }, 'job_page', 0],
  ['failures', { statuses: ['failed', 'timed_out'] }, 'rare_page', 0],
  ['a job and a rare status', { jobs: ['job-1'], statuses: ['failed'] }, 'job_rare_page', 0],
  // What is held is little, and sorted.
  ['what waits', { statuses: ['scheduled'] }, 'page', 1],
]

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const { kind } = onServer
  const open = openerFor(kind)
  let context: ServerContext
  beforeAll(async () => {
    context = await openFilled(onServer, open)
  }, 60_000)

  /** The indexes that a page is read by, and how often rows are sorted before its limit ends the reading. */
  async function planOf(filter: ExecutionFilter, order: 'newest' | 'oldest'): Promise<[string[], number]> {
    const { text, parameters } = matchingExecutions(context, 'n', filter, { order }, 51)
    const { rows } = await context.run<Record<string, string | null>>(statement(`EXPLAIN ${text}`), parameters)
    if (kind === 'postgres') {
      const lines = rows.map((row) => row['QUERY PLAN'] as string)
      const indexes = lines.flatMap(
        (line) => /using escapement_(?:executions|unsettled)_(\w+page|page)/.exec(line)?.[1] ?? [],
      )
      // Above the second limit stands what has been read.
      const second = lines.findIndex((line, at) => at > 0 && line.includes('Limit '))
      return [[...new Set(indexes)], lines.slice(second).filter((line) => line.includes('->  Sort ')).length]
    }
    const steps = rows.filter((row) => row['key']?.endsWith('page'))
    const indexes = steps.map((row) => (row['key'] ?? 'none').replace(/escapement_(executions|unsettled)_/, ''))
    return [[...new Set(indexes)], steps.filter((row) => row['Extra']?.includes('filesort')).length]
  }

  it.each(FILTERS)('a page filtered by %s is read from its index in its order', async (_name, filter, index, sorts) => {
    const expected = [[index], kind === 'postgres' ? sorts : 0]
    expect(await planOf(filter, 'newest')).toEqual(expected)
    expect(await planOf(filter, 'oldest')).toEqual(expected)
  })
})

import { openSqlite, sqliteBuilder } from '@escapement/db'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { ExecutionFilter } from '@escapement/core'
import { claimingSql } from '../src/sqlite/claiming/claiming-sql.ts'
import { ownershipSql } from '../src/sqlite/claiming/ownership-sql.ts'
import { definitionsSql } from '../src/sqlite/definitions-sql.ts'
import { endingSql } from '../src/sqlite/ending-sql.ts'
import { enqueueSql } from '../src/sqlite/enqueue-sql.ts'
import { matchingExecutions } from '../src/sqlite/execution-filter.ts'
import { planningSql } from '../src/sqlite/planning-sql.ts'
import { readingSql } from '../src/sqlite/reading-sql.ts'
import { releasesSql } from '../src/sqlite/releases-sql.ts'
import { settlingSql } from '../src/sqlite/settling-sql.ts'
import { spansSql } from '../src/sqlite/spans-sql.ts'
import { upkeepSql } from '../src/sqlite/upkeep-sql.ts'
import { sqliteStore } from '../src/index.ts'
import { tableNames } from '../src/table-names.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
const t = tableNames('escapement_')
const LARGE = /SCAN (executions|escapement_(executions|attempts|spans|stats|job_revisions|handlers|fences)|[aejorsx])\b/

const statements: Record<string, string> = Object.assign(
  {},
  ...Object.entries({
    claimingSql,
    ownershipSql,
    definitionsSql,
    endingSql,
    enqueueSql,
    planningSql,
    readingSql,
    releasesSql,
    settlingSql,
    spansSql,
    upkeepSql,
  }).map(([role, make]) =>
    Object.fromEntries(Object.entries(make(t)).map(([name, text]) => [`${role}.${name}`, text])),
  ),
)

async function plans(texts: readonly string[]): Promise<string[]> {
  const file = join(folder(), `${texts.length}.db`)
  const store = sqliteStore(file)
  await store.open()
  await store.close()
  const database = openSqlite({ file })
  const found = await database.read((session) =>
    texts.map((text) =>
      session
        .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
        .map(({ detail }) => detail)
        .join('; '),
    ),
  )
  await database.close()
  return found
}

it('rule 22: no statement of the store reads a table or index of unbounded size from end to end', async () => {
  // Whole pages of jobs are read by name within a namespace; `readingSql.jobs` is completed by the filter of the page.
  const names = Object.keys(statements).filter((name) => name !== 'readingSql.jobs')
  const found = await plans(names.map((name) => statements[name] as string))
  const scans = names.map((name, index) => `${name}: ${found[index]}`).filter((plan) => LARGE.test(plan))
  expect(scans).toEqual([])
  expect(names.length).toBeGreaterThan(90)
})

const expected: readonly [string, RegExp][] = [
  [
    'claimingSql.due',
    /^SEARCH escapement_executions USING COVERING INDEX escapement_executions_due \(namespace=\? AND queue=\? AND priority=\? AND due_at>\? AND due_at<\?\)$/,
  ],
  [
    'claimingSql.nextPriority',
    /COVERING INDEX escapement_executions_due \(namespace=\? AND queue=\? AND priority<\?\)/,
  ],
  [
    'claimingSql.nextLane',
    /COVERING INDEX escapement_executions_waiting \(namespace=\? AND \(job,concurrency_key\)>\(\?,\?\)\)/,
  ],
  ['claimingSql.take', /SEARCH escapement_executions USING INTEGER PRIMARY KEY/],
  [
    'claimingSql.heldInQueue',
    /COVERING INDEX escapement_executions_held \(namespace=\? AND instance=\? AND queue=\? AND abandoned_at=\? AND status=\?\)/,
  ],
  [
    'claimingSql.unjudgedTicks',
    /INDEX escapement_executions_unjudged \(namespace=\? AND is_ledger=\? AND due_at>\? AND due_at<\?\)/,
  ],
  ['claimingSql.lateJobs', /COVERING INDEX escapement_executions_unjudged/],
  ['planningSql.planned', /INDEX escapement_jobs_due \(namespace=\?/],
  ['settlingSql.executions', /INDEX escapement_executions_id \(namespace=\? AND id=\?\)/],
  ['settlingSql.settle', /INTEGER PRIMARY KEY/],
  ['releasesSql.heldByInstance', /INDEX escapement_executions_held \(namespace=\? AND instance=\?\)/],
  ['upkeepSql.declareDead', /INDEX escapement_instances_live/],
  ['upkeepSql.isAnyToRecover', /INDEX escapement_instances_live.*INDEX escapement_instances_going/],
  ['upkeepSql.going', /INDEX escapement_instances_going/],
  ['upkeepSql.forgetHandlers', /COVERING INDEX escapement_handlers_instance \(namespace=\? AND instance=\?\)/],
  [
    'upkeepSql.purgeExecutions',
    /COVERING INDEX escapement_executions_finished \(namespace=\? AND finished_at>\? AND finished_at<\?\)/,
  ],
  [
    'readingSql.tickExecutions',
    /INDEX escapement_executions_job_page \(namespace=\? AND job=\? AND is_ledger=\? AND scheduled_for>\? AND scheduled_for<\?\)/,
  ],
  ['readingSql.dueJudged', /COVERING INDEX escapement_executions_due/],
]

it.each(expected)('rule 22: %s uses its index', async (name, plan) => {
  expect((await plans([statements[name] as string]))[0]).toMatch(plan)
})

const filters: readonly [string, ExecutionFilter, RegExp][] = [
  ['nothing', {}, /escapement_executions_page \(namespace=\? AND \(scheduled_for,id\)<\(\?,\?\)\)/],
  [
    'a job',
    { jobs: ['a'] },
    /escapement_executions_job_page \(namespace=\? AND job=\? AND is_ledger=\? AND \(scheduled_for,id\)</,
  ],
  [
    'failures',
    { statuses: ['failed', 'timed_out'] },
    /escapement_executions_rare_page \(namespace=\? AND status=\? AND \(scheduled_for,id\)</,
  ],
  [
    'a job and a rare status',
    { jobs: ['j'], statuses: ['failed'] },
    /escapement_executions_job_rare_page \(namespace=\? AND job=\? AND status=\? AND \(scheduled_for,id\)</,
  ],
  ['what waits', { statuses: ['scheduled'] }, /escapement_executions_unsettled_page \(namespace=\?/],
  ['what runs', { statuses: ['running'] }, /escapement_executions_held \(namespace=\?\)/],
  ['a key', { key: 'a' }, /escapement_executions_dedupe \(namespace=\? AND dedupe_key=\?\)/],
  ['ids', { ids: ['a', 'b'] }, /escapement_executions_id \(namespace=\? AND id=\?\)/],
]

it.each(filters)('rule 22: a page filtered by %s is read from its index in its order', async (_name, filter, plan) => {
  const matching = matchingExecutions(t, 'n', filter, { cursor: '1:a' }, 51)
  const { sql: text } = sql`${matching}`.compile(sqliteBuilder())
  expect((await plans([text]))[0]).toMatch(plan)
})

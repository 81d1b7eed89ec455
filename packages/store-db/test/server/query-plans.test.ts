import { type SqlValue, type Statement, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { claimSql } from '../../src/server/claiming/claim-sql.ts'
import { fastClaimSql } from '../../src/server/claiming/fast-claim-sql.ts'
import { lanesSql } from '../../src/server/claiming/lanes-sql.ts'
import { lookSql } from '../../src/server/claiming/look-sql.ts'
import { ownershipSql } from '../../src/server/claiming/ownership-sql.ts'
import { releasesSql } from '../../src/server/claiming/releases-sql.ts'
import { definitionChangesSql } from '../../src/server/definitions/definition-changes-sql.ts'
import { definitionsSql } from '../../src/server/definitions/definitions-sql.ts'
import { endingSql } from '../../src/server/ending/ending-sql.ts'
import { enqueueSql } from '../../src/server/enqueue/enqueue-sql.ts'
import { insertionSql } from '../../src/server/insertion/insertion-sql.ts'
import { planningSql } from '../../src/server/planning/planning-sql.ts'
import { overviewSql } from '../../src/server/reading/overview-sql.ts'
import { executionReadingSql } from '../../src/server/reading/execution-reading.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { closingSql } from '../../src/server/settling/closing-sql.ts'
import { settlingSql } from '../../src/server/settling/settling-sql.ts'
import { removalSql } from '../../src/server/ending/execution-removal.ts'
import { spansSql } from '../../src/server/spans/spans-sql.ts'
import { statements } from '../../src/server/statements.ts'
import { statisticsSql } from '../../src/server/statistics/statistics-sql.ts'
import { foldingSql } from '../../src/server/upkeep/stats-folding.ts'
import { upkeepSql } from '../../src/server/upkeep/upkeep-sql.ts'
import { openFilled } from './large-tables.ts'
import { openerFor } from './server-pools.ts'

const ROLES = {
  closingSql,
  claimSql,
  lanesSql,
  lookSql,
  ownershipSql,
  releasesSql,
  definitionChangesSql,
  definitionsSql,
  endingSql,
  enqueueSql,
  executionReadingSql,
  foldingSql,
  insertionSql,
  overviewSql,
  planningSql,
  removalSql,
  settlingSql,
  spansSql,
  statisticsSql,
  upkeepSql,
}

/**
 * Upkeep that reads jobs or counters in portions or once in a while, whose order no index has; and the work of all jobs
 * at once, for whose handlers reading them all is the cheapest.
 */
const READS_WHOLE: ReadonlySet<string> = new Set(['upkeepSql.idleFences', 'upkeepSql.absent', 'overviewSql.stranded'])

/** Values of parameters that are not names. */
const VALUES: Readonly<Record<string, SqlValue>> = {
  rows: '[{"job":"job-1","revision":1,"id":"a","seq":1,"name":"job-1","low":1,"high":2,"gap":1}]',
  jobs: ['job-1', 'job-2'],
  ids: ['a', 'b'],
  keys: ['key:1', 'key:2'],
  queues: ['default', 'mail'],
  handlers: ['job-1', 'job-2'],
  starts: '[{"queue":"default","priority":0,"since":1}]',
  seqs: [1, 2],
  ...Object.fromEntries(
    [
      'now',
      'late',
      'expiry',
      'skippable',
      'before',
      'absentBefore',
      'total',
      'done',
      'failed',
      'updatedAt',
      'latest',
      'most',
      'low',
      'high',
      'since',
      'until',
      'revision',
      'leaseUntil',
      'more',
      'seq',
      'width',
      'priority',
      'aheadMs',
      'before',
      'after',
      'isLedger',
      'token',
      'ticks',
      'slots',
      'holdsUntil',
    ].map((name): [string, number] => [name, 1]),
  ),
}

function textsOf(context: ServerContext): [string, Statement][] {
  const roles = context.sql.passesOn ? { ...ROLES, fastClaimSql } : ROLES
  return Object.entries(roles).flatMap(([role, make]) =>
    Object.entries(statements(make(context))).map(([name, made]): [string, Statement] => [
      `${role}.${name}`,
      typeof made === 'function' ? made(10) : made,
    ]),
  )
}

/** Large tables that the plan of a statement reads from end to end. */
async function scansOf(context: ServerContext, { text }: Statement): Promise<readonly string[]> {
  const names = [...text.matchAll(/(?<!:):([a-z][A-Za-z]*)/g)].map(([, name]) => name as string)
  const parameters = Object.fromEntries(names.map((name) => [name, VALUES[name] ?? 'n']))
  if (context.server.dialect === 'postgres') {
    const { rows } = await context.run<{ 'QUERY PLAN': string }>(statement(`EXPLAIN ${text}`), parameters)
    return rows
      .map((row) => row['QUERY PLAN'])
      .filter((line) => /Seq Scan on (?!escapement_(instances|queues|settings))/.test(line))
  }
  const { rows } = await context.run<MysqlStep>(statement(`EXPLAIN ${text}`), parameters)
  return (
    rows
      // What is derived was read by an index, and a row set has few rows.
      .filter(({ type, table }) => (type === 'ALL' || type === 'index') && !table.startsWith('<'))
      .filter(({ rows: read }) => Number(read) > 200)
      .map(({ table, type, key }) => `${type} of ${table} by ${key}`)
  )
}

interface MysqlStep {
  readonly table: string
  readonly type: string
  readonly key: string | null
  readonly rows: unknown
}

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const open = openerFor(onServer.kind)
  let context: ServerContext
  beforeAll(async () => {
    context = await openFilled(onServer, open)
  }, 60_000)

  it('no statement reads a table of unbounded size from end to end', async () => {
    const scans: [string, readonly string[]][] = []
    const texts = textsOf(context)
    for (const [name, made] of texts) {
      const found = await scansOf(context, made)
      if (found.length > 0 && !READS_WHOLE.has(name)) scans.push([name, found])
    }
    expect(scans).toEqual([])
    expect(texts.length).toBeGreaterThan(60)
  })
})

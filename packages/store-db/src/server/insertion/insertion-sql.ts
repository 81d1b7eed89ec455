import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'
import { UNSETTLED_COPY, WAITING } from './unsettled-copy.ts'

/** What an execution brings along. */
const GIVEN: RowColumns = {
  id: 'key',
  job: 'key',
  revision: 'integer',
  origin: 'key',
  dedupe_key: 'key',
  queue: 'key',
  priority: 'integer',
  is_ledger: 'integer',
  is_tick: 'integer',
  is_exclusive: 'integer',
  concurrency_key: 'key',
  concurrency_limit: 'integer',
  missed: 'text',
  input: 'text',
  created_by: 'text',
  traceparent: 'text',
}

/** What is counted from the server's time where it was left open. */
const TIMES: RowColumns = {
  scheduled_for: 'integer',
  due_at: 'integer',
  delay_ms: 'integer',
  start_within_ms: 'integer',
}

/** Statements that insert executions, any number at once, and beside each the row that it is unsettled by. */
export function insertionSql({ tables: t, sql, clock }: ServerContext) {
  const given = Object.keys(GIVEN)
  const dueAt = 'COALESCE(v.due_at, c.now + v.delay_ms)'
  const insertFrom = (rows: string): string => `INSERT INTO ${t.executions}
      (namespace, status, ${given.join(', ')}, scheduled_for, due_at, expires_at, created_at)
    SELECT :namespace, 'scheduled', ${given.map((column) => (column === 'concurrency_key' ? "COALESCE(v.concurrency_key, '')" : `v.${column}`)).join(', ')},
      COALESCE(v.scheduled_for, c.now), ${dueAt}, ${dueAt} + v.start_within_ms, c.now
    FROM (SELECT ${clock.nowMs} AS now) AS c, ${rows}
    WHERE v.id IS NOT NULL`
  const insert = insertFrom(sql.rows(':rows', 'v', { ...GIVEN, ...TIMES }))
  const told = sql.returningInserted(UNSETTLED_COPY.join(', '))
  const waiting = Object.keys(WAITING)
  const insertUnsettledFrom = (
    rows: string,
  ): string => `INSERT INTO ${t.unsettled} (status, ${[...UNSETTLED_COPY, ...waiting].join(', ')})
    SELECT 'scheduled', ${[...UNSETTLED_COPY.map((column) => `x.${column}`), ...waiting.map((column) => `w.${column}`)].join(', ')}
    FROM ${rows}`
  const insertUnsettled = insertUnsettledFrom(sql.rows(':rows', 'w', { id: 'key', ...WAITING }))
  // The row set is read once: its JSON is a quarter of what an insert of many rows costs beside the tables themselves.
  const insertBoth = `WITH v AS MATERIALIZED (SELECT v.* FROM ${sql.rows(':rows', 'v', { ...GIVEN, ...TIMES, ...WAITING })}),
    x AS (${insertFrom('v')} ${sql.ignoreExisting(t.executions, 'seq')} ${told})
    ${insertUnsettledFrom('v AS w')} JOIN x ON x.id = w.id
    ${sql.ignoreExisting(t.unsettled, 'seq')} ${sql.returningInserted('id')}`
  const known = `x.id, COALESCE(u.status, x.status) AS status, x.job, ${sql.keyText('x.dedupe_key')} AS dedupe_key`
  const named = (on: string): string => `${sql.rows(':rows', 'v', { id: 'key', job: 'key', dedupe_key: 'key' })}
    ${sql.seek({ table: t.executions, alias: 'x', on: `x.namespace = :namespace AND ${on}` })}`
  const beside = `LEFT JOIN ${t.unsettled} AS u ON u.seq = x.seq`
  return {
    /** All or, where one exists already, none. */
    insertAll: (): string => insert,

    /** One that exists already, by id or identity, changes nothing (rule 1). A server that can tell does both at once. */
    insertMissing: (): string => (told === '' ? `${insert} ${sql.ignoreExisting(t.executions, 'seq')}` : insertBoth),

    /** Where it cannot: what was inserted just now is unsettled; what has its verdict is not any more. */
    insertUnsettled: `${insertUnsettled} ${sql.join} ${t.executions} AS x ON x.namespace = :namespace AND x.id = w.id
      WHERE x.finished_at IS NULL ${sql.ignoreExisting(t.unsettled, 'seq')}`,

    /** Which of the ids exist. */
    ids: `SELECT x.id FROM ${named('x.id = v.id')}`,

    /** What an insert has met: the rows of the same ids, and of the same identities. */
    sameId: `SELECT ${known} FROM ${named('x.id = v.id')} ${beside} ${sql.readBack}`,
    sameIdentity: `SELECT ${known} FROM ${named('x.dedupe_key = v.dedupe_key AND x.job = v.job')} ${beside} ${sql.readBack}`,
  }
}

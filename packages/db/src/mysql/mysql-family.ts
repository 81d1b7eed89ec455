import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import { IDLE_LIMIT_S } from '../server/idle-limit.ts'
import { integerOf } from '../server/integer-of.ts'
import type { ServerConnection } from '../server/server-driver.ts'
import type { IdentifyOptions, ServerFamily, ServerIdentity } from '../server/server-family.ts'
import type { SqlSession } from '../server/sql-server.ts'
import type { SqlValue } from '../server/sql-value.ts'
import { statement } from '../server/statement.ts'
import { mysqlFault } from './mysql-fault.ts'
import { checkMysqlRights } from './mysql-rights.ts'
import { checkMysqlSettings, checkMysqlVersion } from './mysql-server.ts'

/** UTC, and not NOW() in the session's zone, which is ambiguous for an hour when summer time ends. */
const NOW_MICROS = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"

const IDENTIFY = statement(
  `SELECT VERSION() AS version, DATABASE() AS name, @@session.sql_mode AS mode, @@session.autocommit AS autocommit,
     @@session.character_set_client AS charset, @@session.wait_timeout AS idle`,
)
const TABLE_EXISTS = statement(
  'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = :schema AND table_name = :table',
)
const LOCK = statement('SELECT GET_LOCK(:key, 0) AS locked, @@session.lock_wait_timeout AS timeout')
const UNLOCK = statement('SELECT RELEASE_LOCK(:key) AS released')

/** A definition that waits for a table holds up everything behind it: better give up and try again. Seconds. */
const DEFINITION_LOCK_TIMEOUT_S = 1

/** Column, index or constraint that is there (or gone) already: MySQL knows no IF NOT EXISTS for them. */
const MADE_ALREADY: ReadonlySet<unknown> = new Set([1060, 1061, 1091, 1826])

/** What is particular to MySQL and MariaDB. */
export const mysqlFamily: ServerFamily = {
  nowMs: `(${NOW_MICROS} DIV 1000)`,
  nowMicros: NOW_MICROS,
  tableOptions: ' ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  name: 'mysql',
  hasSchemas: false,
  faultOf: mysqlFault,
  anyErrorEndsTransaction: false,
  tableExists: TABLE_EXISTS,
  compile: (given) => given.marked(),
  encode,
  quote: (identifier) => `\`${identifier.replaceAll('`', '``')}\``,
  begin: (isolation, { dialect }) => [
    // Without SESSION the isolation is that of the next transaction only.
    `SET @@${dialect === 'mariadb' ? 'tx' : 'transaction'}_isolation = '${isolation.toUpperCase().replace(' ', '-')}', @@SESSION.wait_timeout = ${IDLE_LIMIT_S}`,
    'START TRANSACTION',
  ],
  afterwards: ({ idleS }) => `SET SESSION wait_timeout = ${idleS}`,
  isMadeAlready: (error) => MADE_ALREADY.has((error as { errno?: unknown }).errno),
  identify,
  checkRights: checkMysqlRights,
  exclusively,
  prepareSchema: () => Promise.resolve(), // the database is there: the session is in it
}

function encode(value: SqlValue): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return numberOrText(value)
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value !== 'object' || value === null) return value
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? numberOrText(each) : each))
}

/** Text would turn comparisons and arithmetic into those of strings and doubles. */
function numberOrText(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

async function identify(connection: ServerConnection, options: IdentifyOptions): Promise<ServerIdentity> {
  const { rows } = await connection.run(IDENTIFY.marked(), [])
  const answer = rows[0] as {
    version: string
    name: string | null
    mode: string
    autocommit: unknown
    charset: string
    idle: unknown
  }
  const dialect = checkMysqlVersion(answer.version, options.place)
  checkMysqlSettings(answer, options)
  if (answer.name === null) {
    throw new DatabaseUnusableError(`${options.place}: no database is chosen; name it in the options of the pool`)
  }
  return { dialect, version: answer.version, database: answer.name, schema: answer.name, idleS: integerOf(answer.idle) }
}

async function exclusively(session: SqlSession, key: string, work: () => Promise<void>): Promise<boolean> {
  const { rows } = await session.run<{ locked: unknown; timeout: unknown }>(LOCK, { key })
  if (rows[0] === undefined || Number(rows[0].locked) !== 1) return false
  try {
    await session.exec(`SET SESSION lock_wait_timeout = ${DEFINITION_LOCK_TIMEOUT_S}`)
    await work()
    return true
  } finally {
    // The session is the host's: it gets back what it had. One that is lost has neither lock nor setting any more.
    await session.exec(`SET SESSION lock_wait_timeout = ${integerOf(rows[0].timeout)}`).catch(() => undefined)
    await session.run(UNLOCK, { key }).catch(() => undefined)
  }
}

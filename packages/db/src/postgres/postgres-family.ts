import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import { IDLE_LIMIT_S } from '../server/idle-limit.ts'
import type { ServerConnection } from '../server/server-driver.ts'
import type { IdentifyOptions, ServerFamily, ServerIdentity } from '../server/server-family.ts'
import type { SqlServer, SqlSession } from '../server/sql-server.ts'
import { statement } from '../server/statement.ts'
import { postgresFault } from './postgres-fault.ts'

const LEAST_MAJOR = 14

const IDENTIFY = statement(
  `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
     current_database() AS database, current_schema() AS schema,
     current_setting('transaction_read_only') AS read_only`,
)
const TABLE_EXISTS = statement(
  `SELECT 1 AS found FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = :schema AND c.relname = :table`,
)
// Asked for, since a refusal names the schema but not the right, and CREATE SCHEMA IF NOT EXISTS needs the right even
// where the schema exists.
const MAY_CREATE = statement(
  `SELECT has_database_privilege(current_database(), 'CREATE') AS schemas,
     (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_catalog.pg_namespace WHERE nspname = :schema) AS tables`,
)
// Of the transaction, so that it holds behind a pooler that shares sessions, and ends with the session too.
const TRY_LOCK = statement('SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0)) AS locked')
const MISSING_RIGHTS = statement(
  `SELECT r AS "right", t AS "table" FROM unnest(:tables::text[]) AS t
   CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r
   WHERE NOT has_table_privilege(t, r)`,
)

/** A definition that waits for its lock holds up everything behind it: better give up and try again. */
const DEFINITION_LOCK_TIMEOUT = '1s'

/**
 * Statements of a transaction are made to seek by an index. A plan is kept until its tables are analysed again: one that
 * was made while a table was small would read it from end to end, however large it has become. Compiling such a statement
 * would take longer than running it.
 */
const SEEKING = 'SET LOCAL enable_seqscan = off; SET LOCAL jit = off'

/** What is particular to PostgreSQL. */
export const postgresFamily: ServerFamily = {
  nowMs: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  nowMicros: '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint',
  tableOptions: '',
  name: 'postgres',
  hasSchemas: true,
  faultOf: postgresFault,
  anyErrorEndsTransaction: true,
  tableExists: TABLE_EXISTS,
  compile: (given) => given.numbered(),
  encode: (value) => (value instanceof Uint8Array ? Buffer.from(value) : value),
  quote: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  begin: (isolation) => [
    `BEGIN ISOLATION LEVEL ${isolation}; SET LOCAL idle_in_transaction_session_timeout = '${IDLE_LIMIT_S}s'; ${SEEKING}`,
  ],
  afterwards: () => null,
  isMadeAlready: () => false,
  identify,
  checkRights,
  exclusively,
  prepareSchema,
}

async function identify(connection: ServerConnection, { schema, place }: IdentifyOptions): Promise<ServerIdentity> {
  const { rows } = await connection.run(IDENTIFY.numbered(), [])
  const answer = rows[0] as Record<'version' | 'number' | 'database' | 'read_only', string> & { schema: string | null }
  if (Number(answer.number) < LEAST_MAJOR * 10_000) {
    throw new DatabaseUnusableError(
      `${place} is PostgreSQL ${answer.version}; Escapement needs ${LEAST_MAJOR} or later: upgrade the server`,
    )
  }
  if (answer.read_only === 'on') {
    throw new DatabaseUnavailableError(
      `${place} is read-only: connect to the primary, or see default_transaction_read_only, then try again`,
    )
  }
  const found = schema ?? answer.schema
  if (found === null) {
    throw new DatabaseUnusableError(
      `${place}: no schema of the search_path exists or may be used by this user; pass the option schema, or GRANT USAGE ON SCHEMA`,
    )
  }
  return { dialect: 'postgres', version: answer.version, database: answer.database, schema: found, idleS: null }
}

async function checkRights(server: SqlServer, tables: readonly string[]): Promise<void> {
  const names = tables.map((table) => server.table(table))
  const { rows } = await server.run<{ right: string; table: string }>(MISSING_RIGHTS, { tables: names })
  if (rows.length === 0) return
  const missing = rows.map(({ right, table }) => `${right} on ${table}`).join(', ')
  const { right, table } = rows[0] as { right: string; table: string }
  throw new DatabaseUnusableError(
    `${server.place}: this user lacks ${missing}; have the owner run: GRANT ${right} ON ${table} TO ...`,
  )
}

async function exclusively(session: SqlSession, key: string, work: () => Promise<void>): Promise<boolean> {
  await session.exec('BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    const { rows } = await session.run<{ locked: boolean }>(TRY_LOCK, { key })
    const isLocked = rows[0]?.locked === true
    if (isLocked) {
      await session.exec(`SET LOCAL lock_timeout = '${DEFINITION_LOCK_TIMEOUT}'`)
      await work()
    }
    await session.exec('COMMIT')
    return isLocked
  } catch (error) {
    await session.exec('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function prepareSchema(session: SqlSession, { schema, place }: SqlServer): Promise<void> {
  const name = postgresFamily.quote(schema)
  const { rows } = await session.run<{ schemas: boolean; tables: boolean | null }>(MAY_CREATE, { schema })
  if (rows[0]?.tables === true) return
  if (rows[0]?.tables === false) {
    throw new DatabaseUnusableError(
      `${place}: this user lacks CREATE on schema ${name}; have its owner run: GRANT CREATE ON SCHEMA ${name} TO ...`,
    )
  }
  if (rows[0]?.schemas === false) {
    throw new DatabaseUnusableError(
      `${place}: schema ${name} is missing, and this user lacks CREATE on the database; have its owner run: CREATE SCHEMA ${name} AUTHORIZATION ...`,
    )
  }
  await session.exec(`CREATE SCHEMA ${name}`)
}

import {
  checkNames,
  type Duration,
  durationMs,
  InvalidOptionError,
  type NamesOf,
  type Runtime,
  systemRuntime,
} from '@escapement/base'
import { ServerDatabase } from './server-database.ts'
import { accessOf, type ServerSource } from './server-source.ts'

/** How to use a server. */
export interface OpenServerOptions {
  /** PostgreSQL: the schema of the tables. Default: the first one of the `search_path` at opening; that of later sessions does not matter. */
  readonly schema?: string
  /**
   * Whether statements are prepared, so that they are planned once a session. Default true; false behind a pooler that
   * shares sessions and does not track prepared statements (pgbouncer before 1.21). A Kysely never prepares.
   */
  readonly preparedStatements?: boolean
  /** How long a statement or transaction may take, the wait for a connection of the pool included. Default `30s`. */
  readonly timeout?: Duration
  /** Clocks and sleeps. Default: the system's. */
  readonly runtime?: Runtime
}

const NAMES: NamesOf<OpenServerOptions> = { schema: true, preparedStatements: true, timeout: true, runtime: true }

/** PostgreSQL cuts longer names off. */
const LONGEST_NAME_BYTES = 63

/**
 * Makes a handle on a database of PostgreSQL, MySQL or MariaDB; the server is asked when it is first used. The pool
 * stays the host's: it ends it.
 *
 * @param source - A `pg.Pool`, a pool of `mysql2`, or a Kysely over one of them.
 * @throws {@link InvalidOptionError} for any other source, or an option that is not acceptable.
 * @example
 * ```ts
 * const db = openServer(new pg.Pool({ connectionString: process.env.DATABASE_URL }))
 * ```
 */
export function openServer(source: ServerSource, options: OpenServerOptions = {}): ServerDatabase {
  checkNames('openServer', options, NAMES)
  const { schema, preparedStatements = true, timeout = '30s', runtime = systemRuntime } = options
  if (typeof preparedStatements !== 'boolean') {
    throw new InvalidOptionError(
      `preparedStatements is ${JSON.stringify(preparedStatements)}; it must be true or false`,
    )
  }
  const timeoutMs = durationMs(timeout, 'timeout', { minMs: 100, maxMs: 3_600_000 })
  if (schema !== undefined) checkSchema(schema)
  const access = accessOf(source, preparedStatements)
  if (schema !== undefined && !access.family.hasSchemas) {
    throw new InvalidOptionError(`schema is "${schema}"; only PostgreSQL has schemas: name the database in the pool`)
  }
  return new ServerDatabase({ access, schema, timeoutMs, runtime })
}

function checkSchema(schema: unknown): void {
  const isName = typeof schema === 'string' && schema !== '' && !schema.includes('\0')
  if (isName && Buffer.byteLength(schema) <= LONGEST_NAME_BYTES && !schema.startsWith('pg_')) return
  throw new InvalidOptionError(
    `schema is ${JSON.stringify(schema)}; it must be a name of 1 to ${LONGEST_NAME_BYTES} bytes that does not begin with "pg_"`,
  )
}

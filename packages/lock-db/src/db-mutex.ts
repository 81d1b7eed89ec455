import { InvalidOptionError, type Logger, type Runtime, systemRuntime } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import {
  checkedNotify,
  isKysely,
  kyselyDialect,
  type MigrateMode,
  openServer,
  type PgNotify,
  ServerDatabase,
  type ServerSource,
  SqliteDatabase,
  tablePrefix,
} from '@escapement/db'
import { serverLockDriver } from './server/server-lock-driver.ts'
import { handleRunner } from './sqlite/handle-runner.ts'
import { kyselyRunner } from './sqlite/kysely-runner.ts'
import { sqliteLockDriver } from './sqlite/lock-driver.ts'

/**
 * A database that can keep locks: the handle that `openSqlite` or `openServer` makes, a `pg.Pool`, a pool of `mysql2`, or
 * the host's own Kysely over SQLite, PostgreSQL, MySQL or MariaDB.
 */
export type LockDb = SqliteDatabase | ServerDatabase | ServerSource

/** How the locks are kept. */
export interface DbLockOptions {
  /** What the table's name begins with. Default `escapement_`. */
  readonly prefix?: string
  /** PostgreSQL: the schema of the table. Default: the first one of the `search_path`; that of a handle is its own. */
  readonly schema?: string
  /** `auto` makes the table when it is first needed; `check` refuses to run without it. Default `auto`. */
  readonly migrate?: MigrateMode
  /**
   * PostgreSQL: what `pgNotify` makes, so that waiters in other processes are told of a release at once; the mutex has a
   * session of its own from when somebody first waits until it is closed. Default: they ask every 10 ms.
   */
  readonly notify?: PgNotify
  /** On SQLite its wall clock is the server's clock. Default: that of the handle, else {@link systemRuntime}. */
  readonly runtime?: Runtime
}

/** How {@link dbMutex} runs. */
export interface DbMutexOptions extends DbLockOptions {
  /** Hears of lost leases. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/** Nobody waits any longer for the answer to a question about a lock. */
const TIMEOUT = '5s'

/**
 * A mutex whose locks are rows of the host's database. It never joins a transaction of the host: a rollback would take
 * the lock away unseen. Closing it leaves `db` open.
 *
 * @throws {@link InvalidOptionError} for a Kysely `Transaction` or something that is no database.
 * @example
 * ```ts
 * const mutex = dbMutex(openSqlite({ file: 'locks.db' }))
 * await mutex.withLock('report', async ({ fence }) => writeReport(fence))
 * ```
 */
export function dbMutex(db: LockDb, options: DbMutexOptions = {}): MutexManager {
  const runtime = runtimeOf(db, options)
  return createMutexManager(dbLockDriver(db, options), { ...options, runtime })
}

/** The driver of {@link dbMutex}, for those who put something between it and `createMutexManager`. */
export function dbLockDriver(db: LockDb, options: DbLockOptions = {}): LockDriver {
  const prefix = tablePrefix(options.prefix)
  const mode = options.migrate ?? 'auto'
  const runtime = runtimeOf(db, options)
  if (typeof db !== 'object' || db === null) {
    throw new InvalidOptionError(
      'dbMutex needs what openSqlite() or openServer() returns, a pool of pg or mysql2, or a Kysely, and was given something else',
    )
  }
  if (db instanceof SqliteDatabase) {
    refuseServerOptions(options)
    return sqliteLockDriver(handleRunner(db, prefix, mode), prefix, runtime)
  }
  if (isKysely(db) && db.isTransaction) {
    throw new InvalidOptionError(
      'dbMutex was given a Kysely transaction, whose rollback would take locks away unseen; give it the Kysely itself',
    )
  }
  if (isKysely(db) && kyselyDialect(db) === 'sqlite') {
    refuseServerOptions(options)
    return sqliteLockDriver(kyselyRunner(db, prefix, mode), prefix, runtime)
  }
  if (db instanceof ServerDatabase) {
    refuseSchema(options, 'give it to openServer, which made the handle')
    return serverLockDriver(db, { prefix, mode, notify: checkedNotify(db, options.notify) })
  }
  const { schema } = options
  const place = schema === undefined ? {} : { schema }
  const database = openServer(db, { ...place, runtime, timeout: TIMEOUT })
  return serverLockDriver(database, { prefix, mode, notify: checkedNotify(database, options.notify) })
}

function refuseServerOptions(options: DbLockOptions): void {
  refuseSchema(options, 'SQLite has none')
  if (options.notify === undefined) return
  throw new InvalidOptionError('dbMutex: notify is for PostgreSQL; on SQLite waiters ask every 10 ms: leave it out')
}

function refuseSchema({ schema }: DbLockOptions, instead: string): void {
  if (schema === undefined) return
  throw new InvalidOptionError(`dbMutex: schema is ${JSON.stringify(schema)}; ${instead}`)
}

function runtimeOf(db: unknown, options: DbLockOptions): Runtime {
  if (options.runtime !== undefined) return options.runtime
  return db instanceof SqliteDatabase || db instanceof ServerDatabase ? db.runtime : systemRuntime
}

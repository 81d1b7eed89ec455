import { InvalidOptionError, type Logger, type Runtime, systemRuntime } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager, UnsupportedError } from '@escapement/core'
import { isKysely, kyselyDialect, type MigrateMode, SqliteDatabase, tablePrefix } from '@escapement/db'
import type { Kysely } from 'kysely'
import { handleRunner } from './sqlite/handle-runner.ts'
import { kyselyRunner } from './sqlite/kysely-runner.ts'
import { sqliteLockDriver } from './sqlite/lock-driver.ts'
import type { StatementRunner } from './statement-runner.ts'

/** A database that can keep locks: the handle that `openSqlite` makes, or the host's own Kysely. */
export type LockDb<Tables = unknown> = SqliteDatabase | Kysely<Tables>

/** How the locks are kept. */
export interface DbLockOptions {
  /** What the table's name begins with. Default `escapement_`. */
  readonly prefix?: string
  /** `auto` makes the table when it is first needed; `check` refuses to run without it. Default `auto`. */
  readonly migrate?: MigrateMode
  /** On SQLite its wall clock is the server's clock. Default: that of the handle, else {@link systemRuntime}. */
  readonly runtime?: Runtime
}

/** How {@link dbMutex} runs. */
export interface DbMutexOptions extends DbLockOptions {
  /** Hears of lost leases. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/**
 * A mutex whose locks are rows of the host's database. It never joins a transaction of the host: a rollback would take
 * the lock away unseen. Closing it leaves `db` open.
 *
 * @throws {@link InvalidOptionError} for a Kysely `Transaction` or something that is no database.
 * @throws {@link UnsupportedError} for a database other than SQLite.
 * @example
 * ```ts
 * const mutex = dbMutex(openSqlite({ file: 'locks.db' }))
 * await mutex.withLock('report', async ({ fence }) => writeReport(fence))
 * ```
 */
export function dbMutex<Tables>(db: LockDb<Tables>, options: DbMutexOptions = {}): MutexManager {
  const runtime = runtimeOf(db, options)
  return createMutexManager(dbLockDriver(db, options), { ...options, runtime })
}

/** The driver of {@link dbMutex}, for those who put something between it and `createMutexManager`. */
export function dbLockDriver<Tables>(db: LockDb<Tables>, options: DbLockOptions = {}): LockDriver {
  const prefix = tablePrefix(options.prefix)
  const runtime = runtimeOf(db, options)
  return sqliteLockDriver(runnerOf(db, prefix, options.migrate ?? 'auto'), prefix, runtime)
}

function runtimeOf(db: unknown, options: DbLockOptions): Runtime {
  return options.runtime ?? (db instanceof SqliteDatabase ? db.runtime : systemRuntime)
}

function runnerOf(db: unknown, prefix: string, migrate: MigrateMode): StatementRunner {
  if (db instanceof SqliteDatabase) return handleRunner(db, prefix, migrate)
  if (!isKysely(db)) {
    throw new InvalidOptionError('dbMutex needs a Kysely or what openSqlite() returns, and was given something else')
  }
  if (db.isTransaction) {
    throw new InvalidOptionError(
      'dbMutex was given a Kysely transaction, whose rollback would take locks away unseen; give it the Kysely itself',
    )
  }
  const dialect = kyselyDialect(db)
  if (dialect !== 'sqlite') {
    throw new UnsupportedError(
      `dbMutex keeps its locks in SQLite and was given a Kysely over ${dialect ?? 'an unknown database'}; give it openSqlite({ file })`,
    )
  }
  return kyselyRunner(db, prefix, migrate)
}

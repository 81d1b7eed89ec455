import { checkNames, type NamesOf } from '@escapement/base'
import { type JobStore, UnsupportedError } from '@escapement/core'
import {
  isKysely,
  kyselyDialect,
  nodeSqliteLibrary,
  openSqlite,
  SqliteDatabase,
  sqliteFileOf,
  sqliteLibraryOf,
  tablePrefix,
} from '@escapement/db'
import type { Kysely } from 'kysely'
import { lazyStore } from './lazy-store.ts'
import { sqliteJobStore } from './sqlite/sqlite-job-store.ts'
import { migrateMode, STORE_OPTION_NAMES, type StoreOptions } from './store-options.ts'

/** Options of {@link dbStore}. */
export interface DbStoreOptions extends StoreOptions {
  /** A connection of its own for heartbeats and settlements. SQLite needs none: its handle is its own. */
  readonly control?: unknown
  /** How a server wakes those who wait. SQLite needs none: it looks for changes by itself. */
  readonly notify?: unknown
}

const NAMES: NamesOf<DbStoreOptions> = { ...STORE_OPTION_NAMES, control: true, notify: true }

/**
 * A job store in the database that the application already has.
 *
 * @param db - A handle made by `openSqlite` of `@escapement/db`, or a Kysely over a SQLite file: the store then opens a
 *   handle of its own on that file, and `enqueue` still joins transactions of the Kysely. An application that uses
 *   another SQLite library than Node's in the same process passes `openSqlite({ open })`.
 * @throws {@link UnsupportedError} for a database that is not supported.
 */
export function dbStore<Tables>(db: SqliteDatabase | Kysely<Tables>, options: DbStoreOptions = {}): JobStore {
  checkNames('dbStore', options, NAMES)
  const prefix = tablePrefix(options.prefix)
  const migrate = migrateMode(options.migrate)
  if (options.control !== undefined || options.notify !== undefined) {
    throw new UnsupportedError('control and notify are for database servers; SQLite needs neither: leave them out')
  }
  if (db instanceof SqliteDatabase) return sqliteJobStore({ database: db, ownsDatabase: false, prefix, migrate })
  const dialect = isKysely(db) ? kyselyDialect(db) : null
  if (dialect !== 'sqlite') {
    const given = dialect === null ? 'This is no such database' : `A Kysely over "${dialect}" is not supported yet`
    throw new UnsupportedError(
      `${given}: dbStore takes what openSqlite() of @escapement/db returns, or a Kysely over a SQLite file`,
    )
  }
  return lazyStore({ shared: true, transactions: true, notify: true }, async () => {
    const { runtime, busyTimeout } = options
    const kysely = db as Kysely<unknown>
    const file = await sqliteFileOf(kysely)
    if ((await sqliteLibraryOf(kysely)) !== nodeSqliteLibrary()) {
      throw new UnsupportedError(
        "this Kysely uses another copy of SQLite than the one inside Node, and two copies on one file undo each other's locks: pass dbStore(openSqlite({ open: () => new Database(file) })) with the same library",
      )
    }
    const database = openSqlite({
      file,
      ...(runtime === undefined ? {} : { runtime }),
      ...(busyTimeout === undefined ? {} : { busyTimeout }),
    })
    return sqliteJobStore({ database, ownsDatabase: true, prefix, migrate })
  })
}

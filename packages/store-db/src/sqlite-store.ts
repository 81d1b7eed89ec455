import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import type { JobStore } from '@escapement/core'
import { type OpenSqliteOptions, openSqlite, tablePrefix } from '@escapement/db'
import { sqliteJobStore } from './sqlite/sqlite-job-store.ts'
import { migrateMode, STORE_OPTION_NAMES, type StoreOptions } from './store-options.ts'

/** A SQLite file, or how to open one, and options of the store. */
export type SqliteStoreOptions = StoreOptions & Pick<OpenSqliteOptions, 'file' | 'open'>

const NAMES: NamesOf<SqliteStoreOptions> = { ...STORE_OPTION_NAMES, file: true, open: true }

/**
 * A job store in one SQLite file, with nothing to install. The file is opened when the scheduler starts.
 *
 * @throws {@link InvalidOptionError} for `:memory:` and for options that cannot be.
 * @example
 * ```ts
 * const scheduler = createScheduler({ jobs: [expire], store: sqliteStore('jobs.db') })
 * ```
 */
export function sqliteStore(options: string | SqliteStoreOptions): JobStore {
  const given: SqliteStoreOptions | undefined = typeof options === 'string' ? { file: options } : options
  if (given !== undefined) checkNames('sqliteStore', given, NAMES)
  if (given?.file === undefined && given?.open === undefined) {
    throw new InvalidOptionError('sqliteStore is given no file; pass one, such as sqliteStore("jobs.db")')
  }
  const { prefix, migrate, ...how } = given
  return sqliteJobStore({
    database: openSqlite(how),
    ownsDatabase: true,
    prefix: tablePrefix(prefix),
    migrate: migrateMode(migrate),
  })
}

import type { JobStore } from '@escapement/core'
import { type OpenSqliteOptions, openSqlite, tablePrefix } from '@escapement/db'
import { sqliteJobStore } from './sqlite/sqlite-job-store.ts'
import type { StoreOptions } from './store-options.ts'

/** A SQLite file, or how to open one, and options of the store. */
export type SqliteStoreOptions = StoreOptions & Pick<OpenSqliteOptions, 'file' | 'open'>

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
  const { prefix, migrate = 'auto', ...how } = typeof options === 'string' ? { file: options } : options
  return sqliteJobStore({ database: openSqlite(how), ownsDatabase: true, prefix: tablePrefix(prefix), migrate })
}

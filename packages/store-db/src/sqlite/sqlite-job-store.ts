import type { JobStore, StoreCapabilities } from '@escapement/core'
import { type MigrateMode, migrateSqlite, type SqliteDatabase } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import { tableNames } from '../table-names.ts'
import { sqliteClaiming } from './claiming/claiming.ts'
import { sqliteDefinitions } from './definitions.ts'
import { sqliteEnqueue } from './enqueue.ts'
import { sqlitePlanning } from './planning.ts'
import { sqliteReading } from './reading.ts'
import { sqliteMigrations } from './schema.ts'
import { sqliteSettling } from './settling.ts'
import { SqliteContext } from './sqlite-context.ts'
import { sqliteUpkeep } from './upkeep.ts'

/** What a store on SQLite is made of. */
export interface SqliteJobStoreOptions {
  readonly database: SqliteDatabase
  /** Whether `close` also closes the database: the store opened it. */
  readonly ownsDatabase: boolean
  readonly prefix: string
  readonly migrate: MigrateMode
}

/** Commits of other processes are noticed by looking at the file. */
export const SQLITE_CAPABILITIES: StoreCapabilities = { shared: true, transactions: true, notify: true }

/** The whole port, put together from its roles. */
export function sqliteJobStore({ database, ownsDatabase, prefix, migrate }: SqliteJobStoreOptions): JobStore {
  const tables = tableNames(prefix)
  const context = new SqliteContext(database, tables)
  let opening: Promise<void> | undefined

  const open = async (): Promise<void> => {
    try {
      await database.open()
      const migrations = sqliteMigrations(tables)
      await migrateSqlite(database, { component: 'jobs', migrations, prefix, mode: migrate, script: scriptOf(prefix) })
    } catch (error) {
      throw storeError(error)
    }
  }
  const close = async (): Promise<void> => {
    await opening?.catch(() => undefined)
    if (ownsDatabase) await database.close()
  }

  return {
    ...sqliteDefinitions(context),
    ...sqlitePlanning(context),
    ...sqliteClaiming(context),
    ...sqliteSettling(context),
    ...sqliteEnqueue(context),
    ...sqliteReading(context),
    ...sqliteUpkeep(context),
    capabilities: SQLITE_CAPABILITIES,
    open: () =>
      (opening ??= open().catch((error: unknown) => {
        opening = undefined
        throw error
      })),
    close,
    now: async () => context.now(),
    // The watcher sees commits of all namespaces: a hint too many costs one look.
    subscribe: (_namespace, listener) => database.subscribe(() => listener('work')),
    [Symbol.asyncDispose]: close,
  }
}

/** Makes and migrates the tables of the file that it is given. */
function scriptOf(prefix: string): string {
  return `import { sqliteStore } from '@escapement/store-db'; const store = sqliteStore({ file: process.argv[1], prefix: '${prefix}' }); await store.open(); await store.close()`
}

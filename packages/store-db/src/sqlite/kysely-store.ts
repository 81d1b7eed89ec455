import type { Duration, Runtime } from '@escapement/base'
import { type JobStore, UnsupportedError } from '@escapement/core'
import { type MigrateMode, nodeSqliteLibrary, openSqlite, sqliteFileOf, sqliteLibraryOf } from '@escapement/db'
import type { Kysely } from 'kysely'
import { lazyStore } from '../lazy-store.ts'
import { SQLITE_CAPABILITIES, sqliteJobStore } from './sqlite-job-store.ts'

/** What a store on the file of a Kysely is made of. */
export interface KyselyStoreOptions {
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly migrate: MigrateMode
  readonly runtime?: Runtime
  readonly busyTimeout?: Duration
}

/**
 * A store with a handle of its own on the file that a Kysely has open.
 *
 * @throws {@link UnsupportedError} on `open`, when the Kysely uses another copy of SQLite.
 */
export function kyselyStore(kysely: Kysely<unknown>, options: KyselyStoreOptions): JobStore {
  const { prefix, migrate, runtime, busyTimeout } = options
  return lazyStore(SQLITE_CAPABILITIES, async () => {
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

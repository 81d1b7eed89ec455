import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import type { JobStore } from '@escapement/core'
import {
  checkedNotify,
  isKysely,
  kyselyDialect,
  openServer,
  type PgNotify,
  ServerDatabase,
  type ServerSource,
  SqliteDatabase,
  tablePrefix,
} from '@escapement/db'
import type { Kysely } from 'kysely'
import { lazyStore } from './lazy-store.ts'
import { openServerJobStore, SERVER_CAPABILITIES } from './server/server-job-store.ts'
import { kyselyStore } from './sqlite/kysely-store.ts'
import { sqliteJobStore } from './sqlite/sqlite-job-store.ts'
import { migrateMode, STORE_OPTION_NAMES, type StoreOptions } from './store-options.ts'

/**
 * A database that can keep jobs: the handle that `openSqlite` or `openServer` makes, a `pg.Pool`, a pool of `mysql2`, or
 * the host's own Kysely over SQLite, PostgreSQL, MySQL or MariaDB.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever tables the host's Kysely knows
export type StoreDb = SqliteDatabase | ServerDatabase | ServerSource | Kysely<any>

/** Options of {@link dbStore}. */
export interface DbStoreOptions extends StoreOptions {
  /** PostgreSQL: the schema of the tables. Default: the first one of the `search_path`; that of a handle is its own. */
  readonly schema?: string
  /**
   * Servers: another pool for the same database, of two connections or so, for heartbeats and results alone, so that
   * handlers that use up `db` cost no lease. Default: `db`, and health says so.
   */
  readonly control?: ServerDatabase | ServerSource
  /** PostgreSQL: what `pgNotify` makes, to hear of other processes' changes at once. Default: they are looked for each second. */
  readonly notify?: PgNotify
}

const NAMES: NamesOf<DbStoreOptions> = { ...STORE_OPTION_NAMES, schema: true, control: true, notify: true }

/**
 * A job store in the database that the application already has.
 *
 * @param db - A pool of `pg` or `mysql2`, what `openServer` of `@escapement/db` returns, or a Kysely over one of these
 *   servers; or for SQLite what `openSqlite` returns, or a Kysely over a file: the store then opens a handle of its own on
 *   that file, and `enqueue` still joins transactions of the Kysely. An application that uses another SQLite library than
 *   Node's in the same process passes `openSqlite({ open })`.
 * @throws {@link InvalidOptionError} for anything else, and for options that the database has no use for.
 * @example
 * ```ts
 * const store = dbStore(new pg.Pool({ connectionString: url }), {
 *   control: new pg.Pool({ connectionString: url, max: 2 }),
 *   notify: pgNotify(() => new pg.Client({ connectionString: url })),
 * })
 * ```
 */
export function dbStore(db: StoreDb, options: DbStoreOptions = {}): JobStore {
  checkNames('dbStore', options, NAMES)
  const prefix = tablePrefix(options.prefix)
  const migrate = migrateMode(options.migrate)
  if (db instanceof SqliteDatabase) {
    refuse(options, ['schema', 'control', 'notify'], 'are for database servers, and SQLite needs none of them')
    return sqliteJobStore({ database: db, ownsDatabase: false, prefix, migrate })
  }
  if (isKysely(db) && kyselyDialect(db) === 'sqlite') {
    refuse(options, ['schema', 'control', 'notify'], 'are for database servers, and SQLite needs none of them')
    return kyselyStore(db, { ...options, prefix, migrate })
  }
  refuse(
    options,
    ['busyTimeout'],
    'is for SQLite; openServer(pool, { timeout }) bounds how long a server is waited for',
  )
  const database = serverDatabase(db, options)
  // The same pool would be used up all the same.
  const isOwn = options.control !== undefined && options.control !== db
  const control = isOwn ? serverDatabase(options.control, options) : null
  const notify = checkedNotify(database, options.notify)
  return lazyStore(SERVER_CAPABILITIES, () => openServerJobStore({ database, prefix, migrate, control, notify }))
}

function serverDatabase(db: ServerDatabase | ServerSource, options: DbStoreOptions): ServerDatabase {
  if (db instanceof ServerDatabase) {
    refuse(options, ['schema', 'runtime'], 'belong to openServer, which made the handle')
    return db
  }
  const { schema, runtime } = options
  return openServer(db, { ...(schema === undefined ? {} : { schema }), ...(runtime === undefined ? {} : { runtime }) })
}

/** @throws {@link InvalidOptionError} naming the first option that is given although nothing comes of it. */
function refuse(options: DbStoreOptions, names: readonly (keyof DbStoreOptions)[], because: string): void {
  const given = names.find((name) => options[name] !== undefined)
  if (given === undefined) return
  throw new InvalidOptionError(`dbStore was given ${given}; ${names.join(', ')} ${because}`)
}

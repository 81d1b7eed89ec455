import { readFileSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Logger } from '@escapement/base'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import { dbStore } from '@escapement/store-db'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import { closing } from './closing.ts'
import { databaseError } from './database-error.ts'
import type { OpenedDatabase } from './opened-database.ts'
import type { Schema } from './schema.ts'

/** How long a statement waits while another process writes, milliseconds. It blocks the event loop meanwhile. */
const BUSY_TIMEOUT_MS = 2_000

/** A SQLite file. Jobs and locks share a handle of their own on it, which never blocks the event loop. */
export function openSqliteFile(file: string, logger: Logger): OpenedDatabase {
  const sqlite = openFile(file)
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: asKyselyExpects(sqlite) }) })
  const handle = openSqlite({ file })
  const store = dbStore(handle)
  const mutex = dbMutex(handle, { logger })
  return {
    db,
    store,
    mutex,
    async createTables() {
      try {
        sqlite.exec(readFileSync(new URL('./schema.sqlite.sql', import.meta.url), 'utf8'))
      } catch (error) {
        throw databaseError(file, error)
      }
    },
    close: closing(
      () => mutex.close(),
      () => store.close(),
      () => handle.close(),
      () => db.destroy(),
    ),
  }
}

function openFile(file: string): DatabaseSync {
  try {
    const sqlite = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return sqlite
  } catch (error) {
    throw databaseError(file, error)
  }
}

/** Kysely's dialect is written for better-sqlite3; `node:sqlite` differs in these few calls. */
function asKyselyExpects(sqlite: DatabaseSync): SqliteDatabase {
  return {
    close: () => sqlite.close(),
    prepare: (sql) => {
      // Taking the write lock first: a transaction that reads before it writes would else fail when others wrote between.
      const statement = sqlite.prepare(sql === 'begin' ? 'begin immediate' : sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      }
    },
  }
}

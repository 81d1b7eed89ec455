import { readFileSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { Database, Schema } from './schema.ts'

/** How long a statement waits while another process writes, milliseconds. It blocks the event loop meanwhile. */
const BUSY_TIMEOUT_MS = 2_000

/**
 * Opens the application's database and makes its tables where they are missing.
 *
 * @throws Error that names the file when it cannot be opened or written.
 */
export function openDatabase(file: string): Database {
  try {
    const sqlite = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    sqlite.exec(readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'))
    return new Kysely<Schema>({ dialect: new SqliteDialect({ database: asKyselyExpects(sqlite) }) })
  } catch (error) {
    throw new Error(`database ${file} cannot be used: ${(error as Error).message}`, { cause: error })
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

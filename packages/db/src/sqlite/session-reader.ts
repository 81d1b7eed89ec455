import type { SqliteSession } from './sqlite-session.ts'
import type { SqliteQuery, SqliteReader } from './worker-reader.ts'

/**
 * Reads on the own handle. For a connection that the host made with another SQLite library: a thread of ours would
 * bring a second copy of SQLite into the process, and two copies on one file undo each other's locks and can destroy it
 * (https://www.sqlite.org/howtocorrupt.html, 2.2.1).
 */
export class SessionReader implements SqliteReader {
  readonly #session: SqliteSession

  constructor(session: SqliteSession) {
    this.#session = session
  }

  async query(queries: readonly SqliteQuery[]): Promise<unknown[][]> {
    this.#session.run('BEGIN')
    try {
      return queries.map(({ sql, parameters }) => this.#session.all(sql, parameters))
    } finally {
      this.#session.run('COMMIT')
    }
  }

  async copyWal(): Promise<number> {
    return this.#session.get<{ log: number }>('PRAGMA wal_checkpoint(PASSIVE)')?.log ?? 0
  }

  async close(): Promise<void> {}
}

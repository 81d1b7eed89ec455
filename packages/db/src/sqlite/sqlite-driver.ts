/** What can be bound and what comes back. Numbers are stored as integers where the column says so. */
export type SqliteValue = string | number | bigint | null | Uint8Array

/** A prepared statement: that of `node:sqlite` or of better-sqlite3. */
export interface SqliteStatement {
  run(...parameters: SqliteValue[]): { changes: number | bigint }
  all(...parameters: SqliteValue[]): unknown[]
  get(...parameters: SqliteValue[]): unknown
}

/** A connection: a `DatabaseSync` of `node:sqlite`, or a `Database` of better-sqlite3. */
export interface SqliteDriver {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

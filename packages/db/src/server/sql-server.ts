import type { Runtime } from '@escapement/base'
import type { DialectName } from '../dialect/dialect-name.ts'
import type { SqlParameters } from './sql-value.ts'
import type { Statement } from './statement.ts'

/** A database server that Escapement knows. MariaDB is told from MySQL by asking it. */
export type ServerDialect = Exclude<DialectName, 'sqlite'>

/** How far transactions are kept apart. */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

/** What a statement answered. */
export interface SqlResult<Row> {
  /** Empty for a statement without rows. Whole numbers are to be read with `integerOf`. */
  readonly rows: readonly Row[]
  /**
   * Rows that were inserted, updated, deleted or selected. On MySQL an update counts every row that it found, or, where
   * the host has turned FOUND_ROWS off, only those that it changed: let an update change each row that it finds.
   */
  readonly affected: number
  /** What `LAST_INSERT_ID(…)` was set to, on MySQL and MariaDB; null otherwise. */
  readonly insertId: number | null
}

/** One connection, for as long as it is lent. */
export interface SqlSession {
  /**
   * Runs one prepared statement.
   *
   * @throws {@link DatabaseConflictError}, {@link DatabaseUnavailableError}, {@link DatabaseUnusableError},
   *   {@link UniqueViolationError}; what the server refuses for another reason is thrown as the driver gave it.
   */
  run<Row extends object = Record<string, unknown>>(
    statement: Statement,
    parameters?: SqlParameters,
  ): Promise<SqlResult<Row>>
  /** Runs text as it is, for what servers do not prepare, such as definitions. */
  exec(text: string): Promise<void>
}

/** How to run a transaction. */
export interface TransactionOptions {
  /** Default `read committed`, whatever the server's or session's default is. */
  readonly isolation?: IsolationLevel
  /** How long each try may take, the wait for a connection included, milliseconds. Default: that of the handle. */
  readonly timeoutMs?: number
}

/** The database of a server, behind the host's pool: what stores and locks run their SQL on. */
export interface SqlServer {
  readonly dialect: ServerDialect
  /** As the server gives it, such as `15.18` or `10.11.19-MariaDB`. */
  readonly version: string
  /** The database on MySQL and MariaDB, the schema on PostgreSQL, that holds the tables. */
  readonly schema: string
  /** What stands in messages: kind, name and address, never a password. */
  readonly place: string
  readonly runtime: Runtime
  /** An expression for the server's clock, Unix milliseconds, whatever the session's time zone. On MySQL and MariaDB it stands still during a statement. */
  readonly nowMs: string
  /** The same in microseconds, for fences. */
  readonly nowMicros: string
  /** What follows the columns in CREATE TABLE: engine and character set, on MySQL and MariaDB. */
  readonly tableOptions: string
  /** The quoted name of a table with its schema, so that neither `search_path` nor `USE` of a session matters. */
  table(name: string): string
  /** Runs one statement that commits by itself; tried again after a conflict, never when it may have been done. */
  run<Row extends object = Record<string, unknown>>(
    statement: Statement,
    parameters?: SqlParameters,
  ): Promise<SqlResult<Row>>
  /**
   * Runs `work` between BEGIN and COMMIT on one connection; rolled back when it throws. After a conflict it is run again
   * from its start, so it must not change anything else. When a statement has failed that undid the transaction, nothing
   * is committed, also when `work` has caught its error.
   *
   * @throws {@link DatabaseConflictError} when conflicts do not end.
   * @throws {@link DatabaseUnavailableError} when the connection is lost; during COMMIT it is unknown whether it was done.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Lends one connection without a transaction, deadline or retries: for locks of a session, and for definitions. */
  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  /** The server's clock, Unix milliseconds. */
  now(): Promise<number>
}

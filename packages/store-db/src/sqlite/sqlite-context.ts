import type { SqliteDatabase, SqliteOperation, SqliteQuery, SqliteSession } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import type { TableNames } from '../table-names.ts'

/** What the roles of the store share: the handle, the tables, the clock, and errors as the port promises them. */
export class SqliteContext {
  readonly database: SqliteDatabase
  readonly tables: TableNames

  constructor(database: SqliteDatabase, tables: TableNames) {
    this.database = database
    this.tables = tables
  }

  /** The server's time, whole Unix milliseconds: on SQLite the host's clock (rule 9). */
  now(): number {
    return Math.floor(this.database.runtime.now())
  }

  /** A transaction of one turn; `operation` may run more than once. */
  async write<T>(operation: SqliteOperation<T>): Promise<T> {
    try {
      return await this.database.write(operation)
    } catch (error) {
      throw storeError(error)
    }
  }

  /** A short read on the own handle. */
  async read<T>(operation: (session: SqliteSession) => T): Promise<T> {
    try {
      return await this.database.read(operation)
    } catch (error) {
      throw storeError(error)
    }
  }

  /** Reads that may take long, on one snapshot, in the reading thread. */
  async query(queries: readonly SqliteQuery[]): Promise<unknown[][]> {
    try {
      return await this.database.query(queries)
    } catch (error) {
      throw storeError(error)
    }
  }
}

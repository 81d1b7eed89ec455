import type { SqlParameters, SqlResult, SqlServer, SqlSession, Statement, TransactionOptions } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import { type TableNames, tableNames } from '../table-names.ts'
import type { ServerSql } from './server-sql.ts'
import { sqlOfDialect } from './sql-of-dialect.ts'

/** Expressions for the time that decides what is due: the server's own clock, unless a test has put another in its place. */
export type ServerClock = Pick<SqlServer, 'nowMs' | 'nowMicros'>

/** What a {@link ServerContext} is made of. */
export interface ServerContextOptions {
  readonly server: SqlServer
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  /** Default: the server's. */
  readonly clock?: ServerClock
}

/** What the roles of the store share: the server, its tables and SQL, the clock, and errors as the port promises them. */
export class ServerContext {
  readonly server: SqlServer
  /** With their schema, quoted. */
  readonly tables: TableNames
  readonly sql: ServerSql
  readonly clock: ServerClock

  constructor({ server, prefix, clock = server }: ServerContextOptions) {
    this.server = server
    this.tables = tableNames(prefix, (name) => server.table(name))
    this.sql = sqlOfDialect(server.dialect)
    this.clock = clock
  }

  /** The server's time, Unix milliseconds. */
  async now(): Promise<number> {
    try {
      return await this.server.now()
    } catch (error) {
      throw storeError(error)
    }
  }

  /** One statement that commits by itself. */
  async run<Row extends object>(statement: Statement, parameters?: SqlParameters): Promise<SqlResult<Row>> {
    try {
      return await this.server.run<Row>(statement, parameters)
    } catch (error) {
      throw storeError(error)
    }
  }

  /**
   * A READ COMMITTED transaction; `work` may run more than once. Locks are taken in one order, so that none wait for each
   * other in a ring: instances, then jobs and queues, fences, executions by `seq`, attempts, spans, statistics.
   */
  async transaction<T>(work: (session: SqlSession) => Promise<T>, options?: TransactionOptions): Promise<T> {
    try {
      return await this.server.transaction(work, options)
    } catch (error) {
      throw storeError(error)
    }
  }
}

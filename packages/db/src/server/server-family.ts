import type { FaultOf } from './server-fault.ts'
import type { ServerConnection } from './server-driver.ts'
import type { IsolationLevel, ServerDialect, SqlServer, SqlSession } from './sql-server.ts'
import type { SqlValue } from './sql-value.ts'
import type { CompiledStatement, Statement } from './statement.ts'

/** What a server says about itself when it is first used. */
export interface ServerIdentity {
  readonly dialect: ServerDialect
  readonly version: string
  readonly database: string
  /** Where the tables are. */
  readonly schema: string
  /** MySQL and MariaDB: how long a session of the host may be idle, seconds; null: there is no such limit. */
  readonly idleS: number | null
}

/** What differs between PostgreSQL and MySQL with MariaDB. */
export interface ServerFamily {
  readonly name: 'postgres' | 'mysql'
  readonly nowMs: string
  readonly nowMicros: string
  readonly tableOptions: string
  /** Whether a database has schemas to choose from. */
  readonly hasSchemas: boolean
  readonly faultOf: FaultOf
  /** Whether any failed statement, and not only a conflict, undoes the whole transaction. */
  readonly anyErrorEndsTransaction: boolean
  compile(statement: Statement): CompiledStatement
  encode(value: SqlValue): unknown
  quote(identifier: string): string
  /** The statements that begin a transaction, which may not be idle for longer than `IDLE_LIMIT_S`. */
  begin(isolation: IsolationLevel, identity: ServerIdentity): readonly string[]
  /** The statement that gives the session back what the host had set, after a transaction; null: it has it. */
  afterwards(identity: ServerIdentity): string | null
  /**
   * Asks the server what it is.
   *
   * @throws {@link DatabaseUnusableError} when it is too old, or set up in a way that would change what is stored.
   * @throws {@link DatabaseUnavailableError} while it is read-only.
   */
  identify(connection: ServerConnection, options: IdentifyOptions): Promise<ServerIdentity>
  /** Whether the table of `:table` in `:schema` exists: a row or none. */
  readonly tableExists: Statement
  /** Whether an error of a definition says that it has been made before. */
  isMadeAlready(error: unknown): boolean
  /**
   * Checks that the account may read and write tables, by their unquoted names.
   *
   * @throws {@link DatabaseUnusableError} naming the right and the table.
   */
  checkRights(server: SqlServer, tables: readonly string[]): Promise<void>
  /**
   * Runs `work` while no other session does so for the same key; answers `false` when another one does. What holds the
   * key ends with the session.
   */
  exclusively(session: SqlSession, key: string, work: () => Promise<void>): Promise<boolean>
  /**
   * Makes the schema when it is missing, before tables are made in it.
   *
   * @throws {@link DatabaseUnusableError} naming the right that is missing, where a refusal would not name it.
   */
  prepareSchema(session: SqlSession, server: SqlServer): Promise<void>
}

/** What {@link ServerFamily.identify} needs to know. */
export interface IdentifyOptions {
  /** As the host has given it; only on PostgreSQL. */
  readonly schema: string | undefined
  readonly place: string
  /** Whether values are written into the text of statements, as Kysely's MySQL dialect has it. */
  readonly isInterpolating: boolean
}

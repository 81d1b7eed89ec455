import type { Runtime } from '@escapement/base'
import { CallDeadlines } from './call-deadlines.ts'
import { retryConflicts } from './conflict-retry.ts'
import { integerOf } from './integer-of.ts'
import { lendInTime } from './lend-in-time.ts'
import type { ServerConnection, ServerDriver } from './server-driver.ts'
import type { ServerFamily, ServerIdentity } from './server-family.ts'
import { typedError } from './server-fault.ts'
import type { ServerDialect, SqlResult, SqlServer, SqlSession, TransactionOptions } from './sql-server.ts'
import type { SqlParameters } from './sql-value.ts'
import { type Statement, statement } from './statement.ts'
import { TransactionSession } from './transaction-session.ts'
import { TypedSession } from './typed-session.ts'

/** What a {@link ConnectedServer} is made of. */
export interface ConnectedServerParts {
  readonly driver: ServerDriver
  readonly family: ServerFamily
  readonly identity: ServerIdentity
  readonly runtime: Runtime
  /** How long a call may take unless it says otherwise. Milliseconds. */
  readonly timeoutMs: number
}

/** A server that has been asked what it is. */
export class ConnectedServer implements SqlServer {
  readonly dialect: ServerDialect
  readonly version: string
  readonly schema: string
  readonly place: string
  readonly runtime: Runtime
  readonly nowMs: string
  readonly nowMicros: string
  readonly tableOptions: string
  readonly family: ServerFamily
  readonly #driver: ServerDriver
  readonly #identity: ServerIdentity
  readonly #timeoutMs: number
  readonly #deadlines = new Map<number, CallDeadlines>()
  readonly #now: Statement

  constructor({ driver, family, identity, runtime, timeoutMs }: ConnectedServerParts) {
    this.dialect = identity.dialect
    this.version = identity.version
    this.schema = identity.schema
    this.place = driver.place
    this.runtime = runtime
    this.nowMs = family.nowMs
    this.nowMicros = family.nowMicros
    this.tableOptions = family.tableOptions
    this.family = family
    this.#driver = driver
    this.#identity = identity
    this.#timeoutMs = timeoutMs
    this.#now = statement(`SELECT ${family.nowMs} AS now`)
  }

  table(name: string): string {
    return `${this.family.quote(this.schema)}.${this.family.quote(name)}`
  }

  run<Row extends object>(given: Statement, parameters?: SqlParameters): Promise<SqlResult<Row>> {
    return retryConflicts(this.runtime, () => this.#call((session) => session.run<Row>(given, parameters)))
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const begin = this.family.begin(options.isolation ?? 'read committed', this.#identity)
    const attempt = (session: TypedSession): Promise<T> => this.#transact(session, begin, work)
    return retryConflicts(this.runtime, () => this.#call(attempt, options.timeoutMs))
  }

  session<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#typed(this.#driver.lend((connection) => work(this.#sessionOn(connection))))
  }

  async now(): Promise<number> {
    const { rows } = await this.run<{ now: unknown }>(this.#now)
    return integerOf(rows[0]?.now)
  }

  async #transact<T>(
    session: TypedSession,
    begin: readonly string[],
    work: (session: SqlSession) => Promise<T>,
  ): Promise<T> {
    const transaction = new TransactionSession(session, this.family.anyErrorEndsTransaction)
    try {
      for (const text of begin) await session.exec(text)
      const result = await work(transaction)
      transaction.assertWhole()
      transaction.end()
      await session.exec('COMMIT')
      return result
    } catch (error) {
      transaction.end()
      await session.exec('ROLLBACK').catch(() => session.discard())
      throw error
    } finally {
      this.#giveBack(session)
    }
  }

  /** Nobody waits: what the connection is asked next comes after it, whoever asks. */
  #giveBack(session: TypedSession): void {
    const afterwards = this.family.afterwards(this.#identity)
    if (afterwards !== null) session.exec(afterwards).catch(() => undefined)
  }

  #call<T>(work: (session: TypedSession) => Promise<T>, timeoutMs: number = this.#timeoutMs): Promise<T> {
    const deadlines = this.#deadlinesOf(timeoutMs)
    return this.#typed(lendInTime(this.#driver, deadlines, (connection) => work(this.#sessionOn(connection))))
  }

  /** Callers ask for few different times. */
  #deadlinesOf(timeoutMs: number): CallDeadlines {
    const known = this.#deadlines.get(timeoutMs) ?? new CallDeadlines(this.runtime, timeoutMs)
    this.#deadlines.set(timeoutMs, known)
    return known
  }

  #sessionOn(connection: ServerConnection): TypedSession {
    return new TypedSession(connection, this.family, this.place)
  }

  /** Errors of the pool itself as well: it may have no connection to lend. */
  async #typed<T>(lent: Promise<T>): Promise<T> {
    try {
      return await lent
    } catch (error) {
      throw typedError(error, this.family.faultOf, this.place)
    }
  }
}

import { DatabaseConflictError } from '../error/database-conflict-error.ts'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import type { SqlResult, SqlSession } from './sql-server.ts'
import type { SqlParameters } from './sql-value.ts'
import type { Statement } from './statement.ts'

/**
 * The session of one transaction. After an error that undid the transaction it runs nothing more: on MySQL and MariaDB
 * what came next would commit by itself. After the transaction it runs nothing either.
 */
export class TransactionSession implements SqlSession {
  readonly #session: SqlSession
  readonly #anyErrorEnds: boolean
  #end: { readonly error: unknown } | undefined

  /** @param anyErrorEnds - Whether every failed statement undoes the transaction, as on PostgreSQL. */
  constructor(session: SqlSession, anyErrorEnds: boolean) {
    this.#session = session
    this.#anyErrorEnds = anyErrorEnds
  }

  run<Row extends object>(statement: Statement, parameters?: SqlParameters): Promise<SqlResult<Row>> {
    return this.#guard(() => this.#session.run<Row>(statement, parameters))
  }

  exec(text: string): Promise<void> {
    return this.#guard(() => this.#session.exec(text))
  }

  /** Throws the error that has undone the transaction, also when it was caught in between. */
  assertWhole(): void {
    if (this.#end !== undefined) throw this.#end.error
  }

  /** From here on it runs nothing: the connection goes back to the pool. */
  end(): void {
    this.#end ??= { error: new Error('the session of a transaction was used after its end') }
  }

  async #guard<T>(step: () => Promise<T>): Promise<T> {
    if (this.#end !== undefined) throw this.#end.error
    try {
      return await step()
    } catch (error) {
      const isUndone = error instanceof DatabaseConflictError || error instanceof DatabaseUnavailableError
      if (isUndone || this.#anyErrorEnds) this.#end ??= { error }
      throw error
    }
  }
}

import type { ServerConnection } from './server-driver.ts'
import type { ServerFamily } from './server-family.ts'
import { typedError } from './server-fault.ts'
import type { SqlResult, SqlSession } from './sql-server.ts'
import { type SqlParameters, valuesOf } from './sql-value.ts'
import type { Statement } from './statement.ts'

/** A lent connection with named parameters and typed errors. One that is lost, or in doubt, is not given back but closed. */
export class TypedSession implements SqlSession {
  readonly #connection: ServerConnection
  readonly #family: ServerFamily
  readonly #place: string

  constructor(connection: ServerConnection, family: ServerFamily, place: string) {
    this.#connection = connection
    this.#family = family
    this.#place = place
  }

  run<Row extends object>(statement: Statement, parameters: SqlParameters = {}): Promise<SqlResult<Row>> {
    return this.#guard(() => {
      const compiled = this.#family.compile(statement)
      const values = valuesOf(statement, compiled.parameters, parameters).map((value) => this.#family.encode(value))
      return this.#connection.run(compiled, values) as Promise<SqlResult<Row>>
    })
  }

  exec(text: string): Promise<void> {
    return this.#guard(() => this.#connection.exec(text))
  }

  /** Closes the connection: its state is unknown. */
  discard(): void {
    this.#connection.discard()
  }

  async #guard<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      const fault = this.#family.faultOf(error)
      if (fault?.kind === 'unavailable' || fault?.spoilsSession === true) this.discard()
      throw typedError(error, this.#family.faultOf, this.#place)
    }
  }
}

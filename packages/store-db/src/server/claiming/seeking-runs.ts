import type { SqlParameters, SqlResult, Statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** A statement that takes longer may have been compiled, or may have read a table. Milliseconds, with its way. */
const SLOW_MS = 100
/** For how long statements run in transactions then. Milliseconds. */
const GUARDED_MS = 600_000

/**
 * Runs single statements that must seek (decision 0019): by themselves, which costs one round trip, as long as that is
 * fast. PostgreSQL compiles what it believes to be expensive, which takes it seconds, and for small tables with large
 * indexes it believes that; where an old transaction was open once they stay large. Only in a transaction can it be told not to.
 */
export class SeekingRuns {
  readonly #context: ServerContext
  #guardedUntil = Number.NEGATIVE_INFINITY

  constructor(context: ServerContext) {
    this.#context = context
  }

  async run<Row extends object>(statement: Statement, parameters: SqlParameters): Promise<SqlResult<Row>> {
    const { runtime } = this.#context.server
    if (runtime.monotonic() < this.#guardedUntil) {
      return await this.#context.transaction((session) => session.run<Row>(statement, parameters))
    }
    const askedAt = runtime.monotonic()
    const result = await this.#context.run<Row>(statement, parameters)
    const answeredAt = runtime.monotonic()
    if (this.#context.sql.compiles && answeredAt - askedAt >= SLOW_MS) this.#guardedUntil = answeredAt + GUARDED_MS
    return result
  }
}

import type { SqlParameters, SqlResult, Statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** A statement that takes longer may have been compiled, or may have read a table. Milliseconds, with its way. */
const SLOW_MS = 100
/** For how long a statement runs in transactions then, until it is tried by itself again. Milliseconds. */
const GUARDED_MS = 120_000

/** How long a statement took the last time, milliseconds. */
interface Pace {
  aloneMs: number
  /** In a transaction. */
  guardedMs: number
  /** On the monotonic clock: until then it runs in transactions. */
  guardedUntil: number
}

/**
 * Runs single statements that must seek (decision 0019): by themselves, which costs one round trip, as long as that is
 * fast. PostgreSQL compiles what it believes to be expensive, which takes it seconds, and for small tables with large
 * indexes it believes that; where an old transaction was open once they stay large. Only in a transaction can it be told
 * not to, and where that does not make a statement twice as fast it was slow for another reason.
 */
export class SeekingRuns {
  readonly #context: ServerContext
  readonly #paces = new Map<Statement, Pace>()

  constructor(context: ServerContext) {
    this.#context = context
  }

  async run<Row extends object>(statement: Statement, parameters: SqlParameters): Promise<SqlResult<Row>> {
    if (!this.#context.sql.compiles) return await this.#context.run<Row>(statement, parameters)
    const { runtime } = this.#context.server
    const pace = this.#paceOf(statement)
    const askedAt = runtime.monotonic()
    const isGuarded = askedAt < pace.guardedUntil
    const result = await (isGuarded
      ? this.#context.transaction((session) => session.run<Row>(statement, parameters))
      : this.#context.run<Row>(statement, parameters))
    const answeredAt = runtime.monotonic()
    const tookMs = answeredAt - askedAt
    if (isGuarded) pace.guardedMs = tookMs
    else pace.aloneMs = tookMs
    const helps = pace.aloneMs >= SLOW_MS && pace.aloneMs > 2 * pace.guardedMs
    if (!helps) pace.guardedUntil = Number.NEGATIVE_INFINITY
    else if (!isGuarded) pace.guardedUntil = answeredAt + GUARDED_MS
    return result
  }

  #paceOf(statement: Statement): Pace {
    const pace = this.#paces.get(statement) ?? { aloneMs: 0, guardedMs: 0, guardedUntil: Number.NEGATIVE_INFINITY }
    this.#paces.set(statement, pace)
    return pace
  }
}

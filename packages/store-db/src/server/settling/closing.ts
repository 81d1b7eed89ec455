import type { SqlSession } from '@escapement/db'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { closingSql } from './closing-sql.ts'

/** Writes verdicts and attempts of executions that were settled, by as few statements as the server allows. */
export class Closing {
  readonly #sql: Statements<ReturnType<typeof closingSql>>
  readonly #isAtOnce: boolean

  constructor(context: ServerContext) {
    this.#sql = statements(closingSql(context))
    this.#isAtOnce = context.sql.passesOn
  }

  /** @param closed - By `seq`, as `closingSql` names the columns. */
  async close(session: SqlSession, closed: readonly RowObject[]): Promise<void> {
    if (closed.length === 0) return
    const rows = rowsText(closed)
    await session.run(this.#sql.close, { rows })
    if (this.#isAtOnce) return
    if (closed.some((row) => row['has_row'] === 1)) await session.run(this.#sql.record, { rows })
    await session.run(this.#sql.remove, { seqs: closed.map(({ seq }) => seq as number) })
  }
}

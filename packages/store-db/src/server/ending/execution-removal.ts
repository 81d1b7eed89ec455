import type { SqlSession } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'

/** Removes executions, whether or not they are settled. Their attempts are for the caller to remove, if there are any. */
export class ExecutionRemoval {
  readonly #sql: Statements<ReturnType<typeof removalSql>>

  readonly #isAtOnce: boolean

  constructor(context: ServerContext) {
    this.#isAtOnce = context.sql.passesOn
    this.#sql = statements(removalSql(context))
  }

  async remove(session: SqlSession, seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return
    await session.run(this.#sql.removeUnsettled, { seqs })
    if (!this.#isAtOnce) await session.run(this.#sql.removeExecutions, { seqs })
  }
}

/** Statements that remove executions; the row that is their lock first, or both at once. */
export function removalSql({ tables: t, sql }: ServerContext) {
  const from = sql.list(':seqs', 'v', 'integer')
  const unsettled = sql.remove({ table: t.unsettled, from, on: 'x.seq = v.value' })
  const executions = sql.remove({ table: t.executions, from, on: 'x.seq = v.value' })
  return {
    removeUnsettled: (): string => (sql.passesOn ? `WITH u AS (${unsettled}) ${executions}` : unsettled),
    removeExecutions: (): string => executions,
  }
}

import type { SqlSession } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'

/** Removes executions, whether or not they are settled. Their attempts are for the caller to remove, if there are any. */
export class ExecutionRemoval {
  readonly #sql: Statements<ReturnType<typeof removalSql>>

  constructor(context: ServerContext) {
    this.#sql = statements(removalSql(context))
  }

  async remove(session: SqlSession, seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return
    await session.run(this.#sql.removeUnsettled, { seqs })
    await session.run(this.#sql.removeExecutions, { seqs })
  }
}

/** Statements that remove executions; the row that is their lock first. */
export function removalSql({ tables: t, sql }: ServerContext) {
  const from = sql.list(':seqs', 'v', 'integer')
  return {
    removeUnsettled: (): string => sql.remove({ table: t.unsettled, from, on: 'x.seq = v.value' }),
    removeExecutions: (): string => sql.remove({ table: t.executions, from, on: 'x.seq = v.value' }),
  }
}

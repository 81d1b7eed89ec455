import type { NewExecution } from '@escapement/core'
import type { SqlSession } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { insertionSql } from './insertion-sql.ts'
import { newExecutionObject } from './new-execution-object.ts'

/** Inserts executions. */
export class ServerInsertion {
  readonly #sql: Statements<ReturnType<typeof insertionSql>>

  constructor(context: ServerContext) {
    this.#sql = statements(insertionSql(context))
  }

  /** Inserts executions by one statement; those that exist already, by id or identity, stay as they are. */
  async insertMissing(session: SqlSession, namespace: string, executions: readonly NewExecution[]): Promise<void> {
    if (executions.length === 0) return
    await session.run(this.#sql.insertMissing, { namespace, rows: rowsText(executions.map(newExecutionObject)) })
  }
}

import type { NewExecution } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { NEW_EXECUTION_COLUMNS, newExecutionRow } from '../execution/new-execution-row.ts'
import type { TableNames } from '../table-names.ts'

/**
 * The insert of executions: one that exists already, by id or identity, changes nothing (rule 1).
 *
 * @param rows - How many rows the statement takes.
 */
export function insertExecutionsSql(t: TableNames, rows: number): string {
  const row = `(${NEW_EXECUTION_COLUMNS.map(() => '?').join(', ')})`
  return `INSERT INTO ${t.executions} (${NEW_EXECUTION_COLUMNS.join(', ')})
    VALUES ${Array.from({ length: rows }, () => row).join(', ')} ON CONFLICT DO NOTHING`
}

/** Inserts executions, and the queues that they use. */
export class SqliteInsertion {
  readonly #insert: string
  readonly #useQueue: string

  constructor(tables: TableNames) {
    this.#insert = insertExecutionsSql(tables, 1)
    this.#useQueue = `INSERT INTO ${tables.queues} (namespace, name) VALUES (?, ?) ON CONFLICT (namespace, name) DO NOTHING`
  }

  /** Whether it was inserted; false: it exists. */
  insert(session: SqliteSession, namespace: string, execution: NewExecution, now: number): boolean {
    return session.run(this.#insert, newExecutionRow(namespace, execution, now)) > 0
  }

  /** Makes the queues of executions known. */
  useQueues(session: SqliteSession, namespace: string, executions: readonly NewExecution[]): void {
    for (const queue of new Set(executions.map((execution) => execution.queue))) {
      session.run(this.#useQueue, [namespace, queue])
    }
  }
}

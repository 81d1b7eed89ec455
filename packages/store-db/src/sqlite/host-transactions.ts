import { type EnqueueResult, type ExecutionStatus, type NewExecution, UnsupportedError } from '@escapement/core'
import { asSqlTransaction, SQLITE_LIBRARY_SQL, sqliteError, type SqlTransaction } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import { NEW_EXECUTION_COLUMNS, newExecutionRow } from '../execution/new-execution-row.ts'
import { insertExecutionsSql } from './insertion.ts'
import type { SqliteContext } from './sqlite-context.ts'

/** Rows of one insert: far below SQLite's 32,766 parameters. */
const ROWS_AT_ONCE = 100

interface Known {
  readonly id: string
  readonly status: ExecutionStatus | 'claimed'
  readonly job: string
  readonly dedupe_key: string | null
}

/**
 * Inserts inside a transaction of the host, on the host's connection (rules 22 and 24): what the host rolls back never
 * was, and a row that exists already does not spoil the transaction.
 */
export class HostTransactions {
  readonly #context: SqliteContext
  #isSameLibrary = false

  constructor(context: SqliteContext) {
    this.#context = context
  }

  /** @throws {@link UnsupportedError} for a transaction of another dialect, or none that is known. */
  async enqueue(
    namespace: string,
    executions: readonly NewExecution[],
    transaction: unknown,
  ): Promise<EnqueueResult[]> {
    const host = this.#accept(transaction)
    try {
      if (!this.#isSameLibrary) await this.#checkLibrary(host)
      return await this.#insert(host, namespace, executions)
    } catch (error) {
      throw storeError(sqliteError(error, this.#context.database.file))
    }
  }

  #accept(transaction: unknown): SqlTransaction {
    const host = asSqlTransaction(transaction)
    if (host?.dialect === 'sqlite') return host
    const given = host === null ? 'is neither' : `is of dialect "${host.dialect}", not of SQLite, and neither`
    throw new UnsupportedError(
      `transaction ${given} a Kysely Transaction over SQLite nor made by sqlTransaction(run, { dialect: 'sqlite' }); this store is on SQLite`,
    )
  }

  async #checkLibrary(host: SqlTransaction): Promise<void> {
    const libraryOf = (rows: readonly unknown[]): string => (rows[0] as { library: string } | undefined)?.library ?? ''
    const own = await this.#context.read((session) => libraryOf(session.all(SQLITE_LIBRARY_SQL)))
    if (libraryOf(await host.run(SQLITE_LIBRARY_SQL, [])) !== own) {
      throw new UnsupportedError(
        "transaction uses another copy of SQLite than this store, and two copies on one file undo each other's locks: make the store with sqliteStore({ open: () => new Database(file) }) and the same library",
      )
    }
    this.#isSameLibrary = true
  }

  async #insert(
    host: SqlTransaction,
    namespace: string,
    executions: readonly NewExecution[],
  ): Promise<EnqueueResult[]> {
    const { tables } = this.#context
    const now = this.#context.now()
    // Every statement has rows, if only none, so that a driver's `all` can run them.
    for (const queue of new Set(executions.map((execution) => execution.queue))) {
      const insert = `INSERT INTO ${tables.queues} (namespace, name) VALUES (?, ?) ON CONFLICT (namespace, name) DO NOTHING RETURNING name`
      await host.run(insert, [namespace, queue])
    }
    const inserted = new Set<string>()
    for (let at = 0; at < executions.length; at += ROWS_AT_ONCE) {
      const rows = executions.slice(at, at + ROWS_AT_ONCE)
      const values = rows.flatMap((execution) => newExecutionRow(namespace, execution, now))
      const sql = `${insertExecutionsSql(tables, values.length / NEW_EXECUTION_COLUMNS.length)} RETURNING id`
      for (const row of await host.run(sql, values)) inserted.add((row as { id: string }).id)
    }
    const known = await this.#readBack(
      host,
      namespace,
      executions.filter(({ id }) => !inserted.has(id)),
    )
    return executions.map(({ id, job, dedupeKey }) => {
      if (inserted.has(id)) return { id, status: 'scheduled', existing: false }
      const found =
        known.find((row) => row.id === id) ?? known.find((row) => row.job === job && row.dedupe_key === dedupeKey)
      const status = found?.status ?? 'scheduled'
      return { id: found?.id ?? id, status: status === 'claimed' ? 'scheduled' : status, existing: true }
    })
  }

  async #readBack(
    host: SqlTransaction,
    namespace: string,
    executions: readonly NewExecution[],
  ): Promise<readonly Known[]> {
    if (executions.length === 0) return []
    const columns = `id, status, job, dedupe_key FROM ${this.#context.tables.executions}`
    const sql = `SELECT ${columns} WHERE namespace = ? AND id IN (SELECT value FROM json_each(?))
      UNION SELECT ${columns} WHERE namespace = ? AND dedupe_key IN (SELECT value FROM json_each(?))`
    const ids = JSON.stringify(executions.map(({ id }) => id))
    const keys = JSON.stringify(executions.flatMap(({ dedupeKey }) => dedupeKey ?? []))
    return (await host.run(sql, [namespace, ids, namespace, keys])) as readonly Known[]
  }
}

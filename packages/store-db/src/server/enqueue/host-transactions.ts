import { type EnqueueResult, type NewExecution, UnsupportedError } from '@escapement/core'
import { asSqlTransaction, HostSession, type ServerDialect, type SqlSession, type SqlTransaction } from '@escapement/db'
import { storeError } from '../../error/store-error.ts'
import type { QueueUse } from '../definitions/queue-use.ts'
import type { ServerInsertion } from '../insertion/insertion.ts'

/** Rows of one insert: a statement within a few megabytes, whatever the inputs. */
const ROWS_AT_ONCE = 200

/** Lets others know of new work when the transaction that `session` is in commits. */
export type AtHostCommit = (session: Pick<SqlSession, 'run'>, namespace: string) => Promise<void>

/** What {@link HostTransactions} are made of. */
export interface HostTransactionParts {
  readonly insertion: ServerInsertion
  readonly queueUse: QueueUse
  readonly atHostCommit: AtHostCommit
}

/**
 * Inserts inside a transaction of the host, on the host's connection (rule 24): what the host rolls back never was, and a
 * row that exists already does not spoil the transaction.
 */
export class HostTransactions {
  readonly #dialect: ServerDialect
  readonly #parts: HostTransactionParts

  constructor(dialect: ServerDialect, parts: HostTransactionParts) {
    this.#dialect = dialect
    this.#parts = parts
  }

  /** @throws {@link UnsupportedError} for a transaction of another dialect, or none that is known. */
  async enqueue(
    namespace: string,
    executions: readonly NewExecution[],
    transaction: unknown,
  ): Promise<readonly EnqueueResult[]> {
    const session = new HostSession(this.#accept(transaction), this.#dialect)
    const { insertion, queueUse, atHostCommit } = this.#parts
    const results: EnqueueResult[] = []
    try {
      // On this connection too: the host's pool may have no other.
      await queueUse.insert(
        session,
        namespace,
        executions.map(({ queue }) => queue),
      )
      for (let at = 0; at < executions.length; at += ROWS_AT_ONCE) {
        const rows = executions.slice(at, at + ROWS_AT_ONCE)
        results.push(...(await insertion.enqueueWithin(session, namespace, rows)))
      }
      await atHostCommit(session, namespace)
    } catch (error) {
      throw storeError(error)
    }
    return results
  }

  #accept(transaction: unknown): SqlTransaction {
    const host = asSqlTransaction(transaction)
    // Kysely does not know MariaDB from MySQL, and neither do those who use it.
    const familyOf = (dialect: string): string => (dialect === 'mariadb' ? 'mysql' : dialect)
    if (host !== null && familyOf(host.dialect) === familyOf(this.#dialect)) return host
    const given = host === null ? 'is neither' : `is of dialect "${host.dialect}" and not of this server, and neither`
    throw new UnsupportedError(
      `transaction ${given} a Kysely Transaction nor made by sqlTransaction(run, { dialect: '${this.#dialect}' }); this store is on ${this.#dialect}`,
    )
  }
}

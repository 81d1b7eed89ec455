import { mysqlFamily } from '../mysql/mysql-family.ts'
import { postgresFamily } from '../postgres/postgres-family.ts'
import type { SqlTransaction } from '../transaction/sql-transaction.ts'
import { hostTransactionError } from './host-transaction-error.ts'
import type { ServerFamily } from './server-family.ts'
import type { ServerDialect, SqlResult, SqlSession } from './sql-server.ts'
import { type SqlParameters, valuesOf } from './sql-value.ts'
import type { Statement } from './statement.ts'

/**
 * Runs statements inside a transaction of the host, by the host's own library (rule 24). Give it texts and numbers only:
 * libraries differ in what they make of arrays and bytes. What a statement has changed is not known: `affected` is the
 * number of rows that were answered.
 */
export class HostSession implements Pick<SqlSession, 'run'> {
  readonly #transaction: SqlTransaction
  readonly #dialect: ServerDialect
  readonly #family: ServerFamily

  /** @param dialect - Of the server that the transaction is on. */
  constructor(transaction: SqlTransaction, dialect: ServerDialect) {
    this.#transaction = transaction
    this.#dialect = dialect
    this.#family = dialect === 'postgres' ? postgresFamily : mysqlFamily
  }

  async run<Row extends object>(given: Statement, parameters: SqlParameters = {}): Promise<SqlResult<Row>> {
    const compiled = this.#family.compile(given)
    const values = valuesOf(given, compiled.parameters, parameters).map((value) => this.#family.encode(value))
    try {
      const answer: unknown = await this.#transaction.run(compiled.text, values)
      // Some libraries answer a statement without rows with something else than no rows.
      const rows = Array.isArray(answer) ? (answer as readonly Row[]) : []
      return { rows, affected: rows.length, insertId: null }
    } catch (error) {
      throw hostTransactionError(error, this.#dialect)
    }
  }
}

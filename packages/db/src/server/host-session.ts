import { InvalidOptionError } from '@escapement/base'
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
    let answer: unknown
    try {
      answer = await this.#transaction.run(compiled.text, values)
    } catch (error) {
      throw hostTransactionError(error, this.#dialect)
    }
    // Some libraries answer a statement without rows with something else than no rows.
    const rows = rowsOf(answer) as readonly Row[]
    return { rows, affected: rows.length, insertId: null }
  }
}

/** @throws {@link InvalidOptionError} when the rows are wrapped: taken for none, they would be asked for again for ever. */
function rowsOf(answer: unknown): readonly unknown[] {
  const isWrapped = Array.isArray(answer)
    ? Array.isArray(answer[0])
    : typeof answer === 'object' && answer !== null && 'rows' in answer
  if (isWrapped) {
    throw new InvalidOptionError(
      'run of sqlTransaction(run, { dialect }) answered the rows inside something else; answer them alone, such as (await client.query(sql, parameters)).rows of pg or (await connection.query(sql, parameters))[0] of mysql2',
    )
  }
  return Array.isArray(answer) ? answer : []
}

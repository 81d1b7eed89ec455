import { InvalidOptionError } from '@escapement/base'
import { CompiledQuery } from 'kysely'
import type { DialectName } from '../dialect/dialect-name.ts'
import { isKysely, kyselyDialect } from '../dialect/kysely-dialect.ts'

const MARKER: unique symbol = Symbol.for('escapement.sql-transaction')
const DIALECTS: readonly DialectName[] = ['sqlite', 'postgres', 'mysql', 'mariadb']

/** Runs one statement inside the host's transaction; answers its rows, or an empty array for one without rows. */
export type RunSql = (sql: string, parameters: readonly unknown[]) => Promise<readonly unknown[]>

/** A transaction of the host, whatever library it uses. */
export interface SqlTransaction {
  readonly [MARKER]: true
  readonly dialect: DialectName
  readonly run: RunSql
}

/**
 * Lets Escapement write inside a transaction of Prisma, Drizzle, knex or a bare driver.
 *
 * @param run - Runs one statement with positional parameters inside the transaction: `?` for SQLite and MySQL, `$1` for PostgreSQL.
 * @throws {@link InvalidOptionError} for an unknown dialect.
 * @example
 * ```ts
 * await scheduler.enqueue(mail, input, {
 *   transaction: sqlTransaction(async (sql, parameters) => connection.prepare(sql).all(...parameters), { dialect: 'sqlite' }),
 * })
 * ```
 */
export function sqlTransaction(run: RunSql, options: { readonly dialect: DialectName }): SqlTransaction {
  if (typeof run !== 'function') throw new InvalidOptionError('sqlTransaction needs a function that runs one statement')
  if (!DIALECTS.includes(options.dialect)) {
    throw new InvalidOptionError(
      `dialect is ${JSON.stringify(options.dialect)}; it must be one of ${DIALECTS.join(', ')}`,
    )
  }
  return { [MARKER]: true, dialect: options.dialect, run }
}

/**
 * A host's transaction in the one form that adapters use; null when it is neither a Kysely `Transaction` of a known
 * dialect nor made by {@link sqlTransaction}.
 */
export function asSqlTransaction(transaction: unknown): SqlTransaction | null {
  if (typeof transaction !== 'object' || transaction === null) return null
  if (MARKER in transaction) return transaction as SqlTransaction
  if (!isKysely(transaction) || !transaction.isTransaction) return null
  const dialect = kyselyDialect(transaction)
  if (dialect === null) return null
  const plain = transaction.withoutPlugins()
  return {
    [MARKER]: true,
    dialect,
    run: async (sql, parameters) => (await plain.executeQuery(CompiledQuery.raw(sql, [...parameters]))).rows,
  }
}

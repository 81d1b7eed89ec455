import type { RowColumns } from './server-sql.ts'
import type { ServerContext } from './server-context.ts'

/**
 * Rows of `:rows` that name executions of `:namespace` by `id`, as a table `v` with their `seq` and the other columns that
 * they bring: what `unsettled` is found by.
 */
export function namedExecutions({ tables: t, sql }: ServerContext, columns: RowColumns): string {
  const given = ['', ...Object.keys(columns).map((column) => `n.${column}`)].join(', ')
  return `(SELECT e.seq${given} FROM ${sql.rows(':rows', 'n', { id: 'key', ...columns })}
    ${sql.seek({ table: t.executions, alias: 'e', on: 'e.namespace = :namespace AND e.id = n.id' })} ORDER BY e.seq) AS v`
}

/** The same of a list `:ids`. */
export function listedExecutions({ tables: t, sql }: ServerContext): string {
  return `(SELECT e.seq FROM ${sql.list(':ids', 'n', 'key')}
    ${sql.seek({ table: t.executions, alias: 'e', on: 'e.namespace = :namespace AND e.id = n.value' })} ORDER BY e.seq) AS v`
}

import type { ServerContext } from './server-context.ts'

/** Joins the row `x` of `unsettled` to what stands before it, by its number: one seek for each of those rows. */
export function seekUnsettled({ tables: t, sql }: ServerContext, on: string): string {
  return sql.seek({ table: t.unsettled, alias: 'x', on, through: 'PRIMARY' })
}

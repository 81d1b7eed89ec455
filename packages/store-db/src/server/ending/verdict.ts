import { CHANGING_COLUMNS } from '../changing-columns.ts'
import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

/** What every verdict says. */
export const VERDICT: RowColumns = { status: 'key', reason: 'key', finished_at: 'integer' }

/** Where a verdict's columns come from. */
interface VerdictSource {
  /** Columns that verdicts of this kind bring beside status, reason and end. */
  readonly own: RowColumns
  /** A table with rows `u` of `unsettled`. */
  readonly from: string
  /** A column of the verdict itself. */
  readonly given: (column: string) => string
}

/**
 * Writes verdicts, and whatever else the unsettled rows say, which go after it. A terminal status never changes: it has no
 * such row (rule 3).
 */
export function verdict({ tables: t, sql }: ServerContext, { own, from, given }: VerdictSource): string {
  const carried = CHANGING_COLUMNS.map((column): [string, string] => [column, `u.${column}`])
  const brought = Object.keys({ ...VERDICT, ...own }).map((column): [string, string] => [column, given(column)])
  return sql.updateLocked({
    table: t.executions,
    from,
    on: 'x.seq = u.seq',
    set: Object.fromEntries([...carried, ...brought]),
  })
}

/** Verdicts in `:rows`, called `v`, each beside its unsettled row. */
export function verdictRows({ tables: t, sql }: ServerContext, own: RowColumns = {}): string {
  return `${sql.rows(':rows', 'v', { seq: 'integer', ...VERDICT, ...own })} ${sql.seek({ table: t.unsettled, alias: 'u', on: 'u.seq = v.seq', through: 'PRIMARY' })}`
}

import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

/** What an execution takes over from the row that it was unsettled by. */
const CARRIED = [
  'queue',
  'due_at',
  'claimed_at',
  'started_at',
  'abandoned_at',
  'instance',
  'fence',
  'attempt',
  'retries',
  'interruptions',
  'missed',
  'progress',
  'cancel_requested_at',
  'cancel_requested_by',
]

/** What verdicts of one kind bring beside status, reason and end. */
interface OwnColumns {
  readonly columns: RowColumns
  /** How they are written, where that is not as they are. */
  readonly set?: Readonly<Record<string, string>>
}

/**
 * Writes verdicts: the columns of `:rows`, and whatever else the unsettled rows say, which go after it. A terminal status
 * never changes: it has no such row (rule 3).
 */
export function verdict({ tables: t, sql }: ServerContext, own: OwnColumns = { columns: {} }): string {
  const columns: RowColumns = { status: 'key', reason: 'key', finished_at: 'integer', ...own.columns }
  const from = (given: readonly string[], alias: string): Record<string, string> =>
    Object.fromEntries(given.map((column) => [column, `${alias}.${column}`]))
  return sql.update({
    table: t.executions,
    from: `${sql.rows(':rows', 'v', { seq: 'integer', ...columns })} ${sql.join} ${t.unsettled} AS u ON u.seq = v.seq`,
    on: 'x.seq = u.seq',
    set: { ...from(CARRIED, 'u'), ...from(Object.keys(columns), 'v'), ...own.set },
  })
}

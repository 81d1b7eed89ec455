import type { EndingRow } from '../../settle/ending-row.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerSql } from '../server-sql.ts'

/** The columns of an execution `x`, as {@link EndingRow} has them. */
export function endingColumns(sql: ServerSql): string {
  return `x.seq, x.id, x.job, x.revision, x.scheduled_for, x.is_ledger, ${sql.keyText('x.dedupe_key')} AS dedupe_key,
    x.fence, x.instance, x.attempt`
}

/** Those of them that are numbers. */
export const ENDING_NUMBERS = ['seq', 'revision', 'scheduled_for', 'is_ledger', 'fence', 'attempt'] as const

/** A row of {@link endingColumns}. @param others - Further columns that are numbers. */
export function endingRowOf<Row extends EndingRow>(row: object, others: readonly (keyof Row & string)[] = []): Row {
  return readNumbers<Row>(row, [...ENDING_NUMBERS, ...others])
}

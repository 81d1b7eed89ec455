import { ATTEMPT_COLUMNS } from '../attempt-columns.ts'
import { VERDICT, verdict, verdictRows } from '../ending/verdict.ts'
import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

/** What a settlement brings to an execution beside its verdict. */
const OWN: RowColumns = {
  started_at: 'integer',
  abandoned_at: 'integer',
  retries: 'integer',
  interruptions: 'integer',
  progress: 'integer',
  output: 'text',
  error: 'text',
}
/** And to the row of the attempt; `has_row`: it is to have one, and has none yet. */
const ATTEMPT: RowColumns = { outcome: 'key', log: 'text', has_row: 'integer' }

/**
 * Statements that settle a batch of executions for good, by their unsettled rows, which go. Whether each holds the newest
 * fence was seen under the lock: what was settled, taken back or granted anew meanwhile stays as it is (rules 3 and 16).
 */
export function closingSql(context: ServerContext) {
  const { tables: t, sql } = context
  const ofRow = (column: string): string => `v.${column}`
  const ofDeleted = (column: string): string => `u.given_${column}`
  const columns = [...Object.keys(ATTEMPT_COLUMNS), 'outcome', 'error', 'log']
  const record = (
    from: string,
    given: (column: string) => string,
  ): string => `INSERT INTO ${t.attempts} (${columns.join(', ')})
    SELECT u.seq, u.attempt, u.instance, u.fence, COALESCE(u.claimed_at, ${given('started_at')}), ${given('started_at')},
      ${given('finished_at')}, ${given('outcome')}, ${given('error')}, ${given('log')}
    FROM ${from} WHERE ${given('has_row')} = 1 ${sql.ignoreExisting(t.attempts, 'number')}`
  const end = (from: string, given: (column: string) => string): string =>
    verdict(context, {
      own: OWN,
      from,
      given: (column) => (column === 'progress' ? `COALESCE(${given(column)}, u.progress)` : given(column)),
    })
  const rows = verdictRows(context, { ...OWN, ...ATTEMPT })
  const remove = sql.remove({ table: t.unsettled, from: sql.list(':seqs', 'v', 'integer'), on: 'x.seq = v.value' })
  const brought: RowColumns = { ...VERDICT, ...OWN, ...ATTEMPT }
  const taken = sql.remove({
    table: t.unsettled,
    from: sql.rows(':rows', 'v', { seq: 'integer', ...brought }),
    on: 'x.seq = v.seq',
  })
  const passed = Object.keys(brought).map((column) => `v.${column} AS given_${column}`)
  const closeAtOnce = `WITH u AS (${taken} RETURNING x.*, ${passed.join(', ')}), ended AS (${end('u', ofDeleted)})
    ${record('u', ofDeleted)}`
  return {
    /** Verdicts; and records and removal with them, where a statement can pass on what it removes. */
    close: (): string => (sql.passesOn ? closeAtOnce : end(rows, ofRow)),
    // Elsewhere one after the other.
    record: (): string => record(rows, ofRow),
    remove: (): string => remove,
  }
}

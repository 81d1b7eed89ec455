import type { SettledRow } from '../../settle/settlement-verdict.ts'
import { ATTEMPT_COLUMNS } from '../attempt-columns.ts'
import { ENDING_NUMBERS, endingColumns } from '../ending/ending-columns.ts'
import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

/** What a settlement writes to its execution. */
const SETTLED: RowColumns = {
  status: 'key',
  reason: 'key',
  due_at: 'integer',
  started_at: 'integer',
  finished_at: 'integer',
  abandoned_at: 'integer',
  claimed_at: 'integer',
  retries: 'integer',
  interruptions: 'integer',
  output: 'text',
  error: 'text',
}

const ATTEMPT: RowColumns = { ...ATTEMPT_COLUMNS, outcome: 'key', error: 'text', log: 'text' }

/** The numbers of the rows that `lock` answers. */
export const SETTLED_NUMBERS: readonly (keyof SettledRow)[] = [
  ...ENDING_NUMBERS,
  'retries',
  'interruptions',
  'claimed_at',
  'due_at',
  'abandoned_at',
  'cancel_requested_at',
]

/** Statements that settle attempts, each for a batch. */
export function settlingSql({ tables: t, sql }: ServerContext) {
  const attempt = Object.keys(ATTEMPT)
  return {
    lock: `SELECT ${endingColumns(sql)}, x.status, x.retries, x.interruptions, x.claimed_at, x.due_at, x.abandoned_at,
        x.cancel_requested_at
      FROM ${sql.list(':ids', 'v', 'key')} ${sql.join} ${t.executions} AS x ON x.namespace = :namespace AND x.id = v.value
      ORDER BY x.seq FOR UPDATE`,

    recorded: `SELECT a.execution_seq, a.number, a.fence, a.outcome
      FROM ${sql.list(':seqs', 'v', 'integer')} ${sql.join} ${t.attempts} AS a ON a.execution_seq = v.value`,

    /**
     * The end of attempts. Whether each holds the newest fence was seen under the lock: what was settled, taken back or
     * granted anew meanwhile stays as it is (rules 3 and 16).
     */
    settle: (): string =>
      sql.update({
        table: t.executions,
        from: sql.rows(':rows', 'v', { seq: 'integer', was_interrupted: 'integer', progress: 'integer', ...SETTLED }),
        on: 'x.seq = v.seq',
        set: {
          ...Object.fromEntries(Object.keys(SETTLED).map((column) => [column, `v.${column}`])),
          was_interrupted: 'GREATEST(x.was_interrupted, v.was_interrupted)',
          progress: 'COALESCE(v.progress, x.progress)',
          open_key: 'CASE WHEN v.finished_at IS NULL THEN x.open_key END',
        },
      }),

    /** One row for one attempt, whatever is settled twice. */
    recordAttempts: `INSERT INTO ${t.attempts} (${attempt.join(', ')})
      SELECT ${attempt.join(', ')} FROM ${sql.rows(':rows', 'v', ATTEMPT)} WHERE v.number IS NOT NULL
      ${sql.ignoreExisting(t.attempts, 'number')}`,

    reportProgress: (): string =>
      sql.update({
        table: t.executions,
        from: sql.rows(':rows', 'v', { id: 'key', fence: 'integer', progress: 'integer' }),
        on: `x.namespace = :namespace AND x.id = v.id AND x.fence = v.fence AND x.status IN ('claimed', 'running')`,
        set: { progress: 'v.progress' },
      }),
  }
}

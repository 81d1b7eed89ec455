import type { SettledRow } from '../../settle/settlement-verdict.ts'
import { ATTEMPT_COLUMNS } from '../attempt-columns.ts'
import { ENDING_NUMBERS, endingColumns } from '../ending/ending-columns.ts'
import { listedExecutions, namedExecutions } from '../named-executions.ts'
import type { RowColumns } from '../server-sql.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** What is written to an execution that goes on, because its handler does or another attempt follows. */
const GOING_ON: RowColumns = {
  started_at: 'integer',
  abandoned_at: 'integer',
  retries: 'integer',
  interruptions: 'integer',
  progress: 'integer',
  status: 'key',
  due_at: 'integer',
  claimed_at: 'integer',
  was_interrupted: 'integer',
}

const ATTEMPT: RowColumns = { ...ATTEMPT_COLUMNS, outcome: 'key', error: 'text', log: 'text' }

/** Progress is that of the newest owner. */
const IS_REPORTED = `x.seq = v.seq AND x.fence = v.fence AND x.status IN ('claimed', 'running')`

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
export function settlingSql(context: ServerContext) {
  const { tables: t, sql } = context
  const columns = `${endingColumns(sql)}, x.status, x.retries, x.interruptions, x.claimed_at, x.due_at, x.abandoned_at,
    x.cancel_requested_at`
  const attempt = Object.keys(ATTEMPT)
  return {
    lock: `SELECT ${columns} FROM ${listedExecutions(context)} ${seekUnsettled(context, 'x.seq = v.seq')}
      ORDER BY x.seq ${sql.forUpdateOfX}`,

    /** What was settled before. */
    settled: `SELECT ${columns} FROM ${sql.list(':ids', 'v', 'key')}
      ${sql.seek({ table: t.executions, alias: 'x', on: 'x.namespace = :namespace AND x.id = v.value' })} WHERE x.finished_at IS NOT NULL`,

    recorded: `SELECT a.execution_seq, a.number, a.fence, a.outcome
      FROM ${sql.list(':seqs', 'v', 'integer')} ${sql.seek({ table: t.attempts, alias: 'a', on: 'a.execution_seq = v.value' })}`,

    /** What an execution has that goes on. */
    goOn: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: sql.rows(':rows', 'v', { seq: 'integer', ...GOING_ON }),
        on: 'x.seq = v.seq',
        set: {
          ...Object.fromEntries(Object.keys(GOING_ON).map((column) => [column, `v.${column}`])),
          was_interrupted: 'GREATEST(x.was_interrupted, v.was_interrupted)',
          progress: 'COALESCE(v.progress, x.progress)',
        },
      }),

    /** One row for one attempt, whatever is settled twice. */
    recordAttempts: `INSERT INTO ${t.attempts} (${attempt.join(', ')})
      SELECT ${attempt.join(', ')} FROM ${sql.rows(':rows', 'v', ATTEMPT)} WHERE v.number IS NOT NULL
      ${sql.ignoreExisting(t.attempts, 'number')}`,

    lockReported: `SELECT x.id FROM ${namedExecutions(context, { fence: 'integer' })}
      ${seekUnsettled(context, IS_REPORTED)} ${sql.forUpdateOfX}`,
    reportProgress: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: namedExecutions(context, { fence: 'integer', progress: 'integer' }),
        on: IS_REPORTED,
        set: { progress: 'v.progress' },
      }),
  }
}

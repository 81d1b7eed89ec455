import { type AttemptRow, type ExecutionRow, executionOf } from '../../execution/execution-row.ts'
import type { Execution } from '@escapement/core'
import { integerOf } from '@escapement/db'
import { CHANGING_COLUMNS } from '../changing-columns.ts'
import { aliveAt } from '../definitions/definitions-sql.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerContext } from '../server-context.ts'

const NUMBERS = [
  'seq',
  'revision',
  'priority',
  'scheduled_for',
  'due_at',
  'created_at',
  'claimed_at',
  'started_at',
  'finished_at',
  'abandoned_at',
  'fence',
  'attempt',
  'retries',
  'interruptions',
  'is_tick',
  'progress',
  'cancel_requested_at',
  'has_handler',
  'is_occupied',
] as const satisfies readonly (keyof ExecutionRow)[]

/** A column of an execution `x` as it is now, beside `u`. */
export function current(column: string): string {
  return `COALESCE(u.${column}, x.${column})`
}

/** What {@link executionColumns} are read beside: the row of an execution that is not settled. */
export function besideUnsettled({ tables: t }: ServerContext): string {
  return `LEFT JOIN ${t.unsettled} AS u ON u.seq = x.seq`
}

/** The columns of an execution `x`, beside `u`, with what is read beside it, and the time, as {@link readExecution} reads them. */
export function executionColumns({ tables: t, sql, clock }: ServerContext): string {
  const now = clock.nowMs
  const isDue = `u.status = 'scheduled' AND u.due_at <= ${now}`
  const changing = ['status', ...CHANGING_COLUMNS].map((column) => `${current(column)} AS ${column}`).join(', ')
  return `x.seq, x.id, x.job, x.revision, x.origin, ${sql.keyText('x.dedupe_key')} AS dedupe_key, ${changing}, x.reason,
    x.priority, x.scheduled_for, x.created_at, x.finished_at, x.is_tick,
    ${sql.keyText('x.concurrency_key')} AS concurrency_key, x.input, x.output, x.error, x.created_by, x.replaces,
    x.traceparent, ${now} AS now,
    (SELECT r.id FROM ${t.executions} AS r WHERE r.namespace = x.namespace
      AND r.dedupe_key = CONCAT('replaces:', x.id) AND r.job = x.job) AS replaced_by,
    CASE WHEN ${isDue} THEN (SELECT j.pauses FROM ${t.jobs} AS j
      WHERE j.namespace = x.namespace AND j.name = x.job) END AS job_pauses,
    CASE WHEN ${isDue} THEN (SELECT q.pauses FROM ${t.queues} AS q
      WHERE q.namespace = x.namespace AND q.name = ${current('queue')}) END AS queue_pauses,
    CASE WHEN ${isDue} THEN CASE WHEN EXISTS (SELECT 1 FROM ${t.handlers} AS h
      JOIN ${t.instances} AS i ON i.namespace = h.namespace AND i.id = h.instance
      WHERE h.namespace = x.namespace AND h.job = x.job AND ${aliveAt(now)}) THEN 1 ELSE 0 END END AS has_handler,
    CASE WHEN ${isDue} THEN CASE WHEN x.is_exclusive = 1 AND EXISTS (SELECT 1
      FROM ${t.unsettled} AS o ${sql.through(`${t.prefix}unsettled_open`)}
      WHERE o.namespace = :namespace AND o.open_key IS NOT NULL AND o.open_key >= x.job AND o.open_key < CONCAT(x.job, '$')
        AND o.seq <> x.seq AND (u.attempt = 0 OR o.status <> 'scheduled')) THEN 1 ELSE 0 END END AS is_occupied`
}

/** A row of {@link executionColumns}. */
export function executionRowOf(row: object): ExecutionRow {
  return readNumbers<ExecutionRow>(row, NUMBERS)
}

/** A row of {@link executionColumns} as an {@link Execution}. */
export function readExecution(row: object): Execution {
  return executionOf(executionRowOf(row), integerOf((row as { readonly now: unknown }).now))
}

/** A row of attempts. */
export function attemptRowOf(row: object): AttemptRow {
  return readNumbers<AttemptRow>(row, ['number', 'fence', 'claimed_at', 'started_at', 'finished_at'])
}

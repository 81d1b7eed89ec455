import type { NewExecution } from '@escapement/core'

/** The columns that an insert fills, in the order of {@link newExecutionRow}. */
export const NEW_EXECUTION_COLUMNS: readonly string[] = [
  'namespace',
  'id',
  'job',
  'revision',
  'origin',
  'dedupe_key',
  'status',
  'queue',
  'priority',
  'scheduled_for',
  'due_at',
  'expires_at',
  'created_at',
  'is_ledger',
  'is_tick',
  'is_judged',
  'is_catch_up',
  'is_exclusive',
  'if_open',
  'concurrency_key',
  'concurrency_limit',
  'missed',
  'input',
  'created_by',
  'traceparent',
]

/** Ticks of schedules, planned or filled in; replacements of ticks are not. */
export function isTickOrigin(origin: NewExecution['origin']): boolean {
  return origin === 'tick' || origin === 'backfill'
}

/** A new execution as a row. @param now - The server's time. */
export function newExecutionRow(namespace: string, execution: NewExecution, now: number): (string | number | null)[] {
  const dueAt = execution.dueAt ?? now + execution.delayMs
  const isTick = isTickOrigin(execution.origin)
  return [
    namespace,
    execution.id,
    execution.job,
    execution.revision,
    execution.origin,
    execution.dedupeKey,
    'scheduled',
    execution.queue,
    execution.priority,
    execution.scheduledFor ?? now,
    dueAt,
    execution.startWithinMs === null ? null : dueAt + execution.startWithinMs,
    now,
    Number(isTick),
    Number(isTick),
    Number(execution.isJudged),
    Number(isTick && execution.isJudged),
    Number(execution.isExclusive),
    execution.isExclusive ? execution.ifOpen : 'wait',
    execution.concurrencyKey ?? '',
    execution.concurrencyLimit,
    execution.missed === null ? null : JSON.stringify(execution.missed),
    execution.input,
    execution.createdBy,
    execution.traceparent,
  ]
}

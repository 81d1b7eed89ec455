import type { RowColumns } from '../server-sql.ts'

/** The columns that the row of an unsettled execution begins with as the execution has them. */
export const UNSETTLED_COPY: readonly string[] = [
  'seq',
  'namespace',
  'id',
  'job',
  'revision',
  'dedupe_key',
  'queue',
  'priority',
  'scheduled_for',
  'due_at',
  'expires_at',
  'is_ledger',
  'is_tick',
  'is_exclusive',
  'concurrency_key',
  'concurrency_limit',
  'missed',
  'created_by',
  'traceparent',
]

/** Those that only concern how it waits. */
export const WAITING: RowColumns = { is_judged: 'integer', is_catch_up: 'integer', if_open: 'key' }

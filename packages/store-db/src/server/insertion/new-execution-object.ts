import type { NewExecution } from '@escapement/core'
import { isTickOrigin } from '../../execution/new-execution-row.ts'
import type { RowObject } from '../rows-text.ts'

/** A new execution as a row of a row set; what depends on the server's time is left to the statement. */
export function newExecutionObject(execution: NewExecution): RowObject {
  const isTick = isTickOrigin(execution.origin)
  return {
    id: execution.id,
    job: execution.job,
    revision: execution.revision,
    origin: execution.origin,
    dedupe_key: execution.dedupeKey,
    queue: execution.queue,
    priority: execution.priority,
    is_ledger: Number(isTick),
    is_tick: Number(isTick),
    is_judged: Number(execution.isJudged),
    is_catch_up: Number(isTick && execution.isJudged),
    is_exclusive: Number(execution.isExclusive),
    if_open: execution.isExclusive ? execution.ifOpen : 'wait',
    concurrency_key: execution.concurrencyKey,
    concurrency_limit: execution.concurrencyLimit,
    missed: execution.missed === null ? null : JSON.stringify(execution.missed),
    input: execution.input,
    created_by: execution.createdBy,
    traceparent: execution.traceparent,
    scheduled_for: execution.scheduledFor,
    due_at: execution.dueAt,
    delay_ms: execution.delayMs,
    start_within_ms: execution.startWithinMs,
  }
}

import type { ClaimedExecution, Missed } from '@escapement/core'

/** A claimed execution as stored. */
export interface ClaimedRow {
  readonly seq: number
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly queue: string
  readonly priority: number
  readonly scheduled_for: number
  readonly due_at: number
  readonly attempt: number
  readonly retries: number
  readonly interruptions: number
  readonly fence: number
  readonly claimed_at: number
  readonly started_at: number | null
  readonly input: string | null
  readonly missed: string | null
  readonly is_tick: number
  readonly is_exclusive: number
  readonly concurrency_key: string
  readonly concurrency_limit: number | null
  readonly created_by: string | null
  readonly traceparent: string | null
}

/** The guard that the execution shares with others of its job or key; null: it has only its own (rule 16). */
export function sharedGuardKey(row: ClaimedRow): string | null {
  if (row.is_exclusive === 1) return `job:${row.job}`
  if (row.concurrency_key !== '' && row.concurrency_limit === 1) return `key:${row.job}:${row.concurrency_key}`
  return null
}

/** @param guardFence - The newest fence of the shared guard; null: there is none. */
export function claimedOf(row: ClaimedRow, guardFence: number | null): ClaimedExecution {
  return {
    id: row.id,
    job: row.job,
    revision: row.revision,
    queue: row.queue,
    priority: row.priority,
    scheduledFor: row.scheduled_for,
    dueAt: row.due_at,
    attempt: row.attempt,
    retries: row.retries,
    interruptions: row.interruptions,
    fence: BigInt(row.fence),
    guardFence: BigInt(guardFence ?? row.fence),
    guardKey: sharedGuardKey(row) ?? `execution:${row.id}`,
    claimedAt: row.claimed_at,
    startedAt: row.started_at,
    input: row.input,
    missed: row.missed === null ? null : (JSON.parse(row.missed) as Missed),
    isTick: row.is_tick === 1,
    createdBy: row.created_by,
    traceparent: row.traceparent,
  }
}

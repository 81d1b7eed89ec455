import type { ClaimedExecution, Missed } from '@escapement/core'
import { integerOf } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** What a fast claim answers of a row; all else is the same for all that it takes. */
export interface FastClaimedRow {
  readonly seq: unknown
  readonly id: string
  readonly job: string
  readonly revision: unknown
  readonly scheduled_for: unknown
  readonly due_at: unknown
  readonly started_at: unknown
  readonly attempt: unknown
  readonly retries: unknown
  readonly interruptions: unknown
  readonly fence: string | number | bigint
  readonly input: string | null
  readonly missed: string | null
  readonly is_tick: unknown
  readonly created_by: string | null
  readonly traceparent: string | null
}

/** The columns of an unsettled execution `x`, as {@link FastClaimedRow} has them. */
export function fastClaimedColumns({ tables: t }: ServerContext): string {
  return `x.seq, x.id, x.job, x.revision, x.scheduled_for, x.due_at, x.started_at, x.attempt, x.retries, x.interruptions,
    x.fence, (SELECT e.input FROM ${t.executions} AS e WHERE e.seq = x.seq) AS input, x.missed, x.is_tick, x.created_by,
    x.traceparent`
}

/** What is the same for all rows of a claim: not exclusive, without a concurrency key, of one priority of one queue. */
export interface FastClaimedOf {
  readonly queue: string
  readonly priority: number
  readonly now: number
}

/** A row of {@link fastClaimedColumns}, as the instance gets it. */
export function fastClaimed(row: FastClaimedRow, { queue, priority, now }: FastClaimedOf): ClaimedExecution {
  const fence = BigInt(row.fence)
  return {
    id: row.id,
    job: row.job,
    revision: integerOf(row.revision),
    queue,
    priority,
    scheduledFor: integerOf(row.scheduled_for),
    dueAt: integerOf(row.due_at),
    attempt: integerOf(row.attempt),
    retries: integerOf(row.retries),
    interruptions: integerOf(row.interruptions),
    fence,
    guardFence: fence,
    guardKey: `execution:${row.id}`,
    claimedAt: now,
    startedAt: row.started_at === null ? null : integerOf(row.started_at),
    input: row.input,
    missed: row.missed === null ? null : (JSON.parse(row.missed) as Missed),
    isTick: integerOf(row.is_tick) === 1,
    createdBy: row.created_by,
    traceparent: row.traceparent,
  }
}

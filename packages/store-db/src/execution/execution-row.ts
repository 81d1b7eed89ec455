import type {
  Attempt,
  AttemptOutcome,
  ErrorRecord,
  Execution,
  ExecutionOrigin,
  ExecutionReason,
  ExecutionStatus,
  LogLine,
  Missed,
} from '@escapement/core'
import { waitingFor, type WaitingCase } from './waiting-for.ts'

/** An execution as stored, with what is read beside it. */
export interface ExecutionRow extends WaitingCase {
  readonly seq: number
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly origin: ExecutionOrigin
  readonly dedupe_key: string | null
  readonly reason: ExecutionReason | null
  readonly queue: string
  readonly priority: number
  readonly scheduled_for: number
  readonly created_at: number
  readonly claimed_at: number | null
  readonly started_at: number | null
  readonly finished_at: number | null
  readonly abandoned_at: number | null
  readonly instance: string | null
  readonly fence: number
  readonly retries: number
  readonly interruptions: number
  readonly concurrency_key: string
  readonly missed: string | null
  readonly input: string | null
  readonly output: string | null
  readonly error: string | null
  readonly progress: number | null
  readonly created_by: string | null
  readonly cancel_requested_at: number | null
  readonly cancel_requested_by: string | null
  readonly replaces: string | null
  readonly replaced_by: string | null
  readonly traceparent: string | null
}

/** An attempt as stored. */
export interface AttemptRow {
  readonly number: number
  readonly instance: string
  readonly fence: number
  readonly claimed_at: number
  readonly started_at: number | null
  readonly finished_at: number
  readonly outcome: AttemptOutcome
  readonly error: string | null
  readonly log: string | null
}

/** The status that readers see: what was taken ahead and not started is still `scheduled` (rule 19). */
export function visibleStatus(status: ExecutionStatus | 'claimed'): ExecutionStatus {
  return status === 'claimed' ? 'scheduled' : status
}

/** A row as an {@link Execution}. @param now - The server's time. */
export function executionOf(row: ExecutionRow, now: number): Execution {
  const isComing = row.status === 'running' && row.started_at !== null && row.started_at > now // taken for its instant
  return {
    id: row.id,
    job: row.job,
    revision: row.revision,
    origin: row.origin,
    status: isComing ? 'scheduled' : visibleStatus(row.status),
    reason: row.reason,
    waitingFor: isComing ? 'time' : waitingFor(row, now),
    queue: row.queue,
    priority: row.priority,
    scheduledFor: row.scheduled_for,
    dueAt: row.due_at,
    createdAt: row.created_at,
    claimedAt: row.claimed_at,
    startedAt: isComing ? null : row.started_at,
    finishedAt: row.finished_at,
    instance: row.instance,
    attempt: row.attempt,
    retries: row.retries,
    interruptions: row.interruptions,
    fence: BigInt(row.fence),
    missed: parsed<Missed>(row.missed),
    input: row.input,
    output: row.output,
    error: parsed<ErrorRecord>(row.error),
    progress: row.progress,
    key: row.dedupe_key?.startsWith('key:') === true ? row.dedupe_key.slice('key:'.length) : null,
    concurrencyKey: row.concurrency_key === '' ? null : row.concurrency_key,
    createdBy: row.created_by,
    cancelRequestedAt: row.cancel_requested_at,
    cancelRequestedBy: row.cancel_requested_by,
    abandonedAt: row.abandoned_at,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
    traceparent: row.traceparent,
  }
}

/**
 * The attempts of an execution. The running one, and one that its execution repeats (decision 0018), are in the row of the
 * execution alone.
 *
 * @param attempts - Those that have rows of their own, by number.
 */
export function attemptsOf(row: ExecutionRow, attempts: readonly AttemptRow[]): readonly Attempt[] {
  const recorded = attempts.map(attemptOf)
  const isHeld = row.status === 'claimed' || row.status === 'running'
  const isRecorded = recorded.at(-1)?.number === row.attempt // abandoned: ended, although its handler has not
  if (isRecorded || !(isHeld || row.status === 'succeeded')) return recorded
  const last: Attempt = {
    number: row.attempt,
    instance: row.instance ?? '',
    fence: BigInt(row.fence),
    claimedAt: row.claimed_at ?? 0,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outcome: row.status === 'succeeded' ? 'succeeded' : null,
    error: isHeld ? null : parsed<ErrorRecord>(row.error), // while it runs, that of the attempt before
    log: [],
  }
  return [...recorded, last]
}

function attemptOf(row: AttemptRow): Attempt {
  return {
    number: row.number,
    instance: row.instance,
    fence: BigInt(row.fence),
    claimedAt: row.claimed_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    error: parsed<ErrorRecord>(row.error),
    log: parsed<LogLine[]>(row.log) ?? [],
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what the column holds
function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}

import type { Attempt, Execution, ExecutionStatus, WaitingFor } from '../store/execution.ts'
import type { HeapItem, IndexedHeap } from './indexed-heap.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One execution as the tables hold it. Only `placement.ts` may change what decides where it stands. */
export interface ExecutionRow extends HeapItem, Mutable<Omit<Execution, 'job' | 'status' | 'waitingFor' | 'key'>> {
  readonly job: string
  /** `claimed`: taken ahead and not started; readers see `scheduled`. */
  status: ExecutionStatus | 'claimed'
  /** The heap that it stands in; null: none. */
  heap: IndexedHeap<ExecutionRow> | null
  readonly dedupeKey: string | null
  readonly startWithinMs: number | null
  readonly concurrencyLimit: number | null
  readonly isExclusive: boolean
  readonly ifOpen: 'wait' | 'skip'
  /** Whether a pause of the job holds it back: a tick, or the replacement of one. */
  readonly isTick: boolean
  isJudged: boolean
  /** Judged by a claim pass, not made by catching up. */
  isPunctual: boolean
  /** Whether a dead instance ever held it: it is never taken ahead again. */
  wasRecovered: boolean
  /** The claim that took it. */
  claimToken: number
  guardFence: bigint
  guardKey: string
  attempts: readonly Attempt[]
}

/** Whether it is claimed and not settled. */
export function isHeld(row: ExecutionRow): boolean {
  return row.status === 'running' || row.status === 'claimed'
}

/** Whether its status is one that never changes. */
export function isTerminal(row: ExecutionRow): boolean {
  return row.status !== 'scheduled' && !isHeld(row)
}

/** Whether it stands for a tick in the ledger; replacements of ticks do not. */
export function isLedgerTick(row: ExecutionRow): boolean {
  return row.origin === 'tick' || row.origin === 'backfill'
}

/** The status that readers see. */
export function visibleStatus(row: ExecutionRow): ExecutionStatus {
  return row.status === 'claimed' ? 'scheduled' : row.status
}

/** The caller's own key; null: none. */
export function callerKey(row: ExecutionRow): string | null {
  return row.dedupeKey?.startsWith('key:') === true ? row.dedupeKey.slice('key:'.length) : null
}

/** A snapshot for readers. */
export function toExecution(row: ExecutionRow, waitingFor: WaitingFor | null): Execution {
  return {
    id: row.id,
    job: row.job,
    revision: row.revision,
    origin: row.origin,
    status: visibleStatus(row),
    reason: row.reason,
    waitingFor,
    queue: row.queue,
    priority: row.priority,
    scheduledFor: row.scheduledFor,
    dueAt: row.dueAt,
    createdAt: row.createdAt,
    claimedAt: row.claimedAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    instance: row.instance,
    attempt: row.attempt,
    retries: row.retries,
    interruptions: row.interruptions,
    fence: row.fence,
    missed: row.missed,
    input: row.input,
    output: row.output,
    error: row.error,
    progress: row.progress,
    key: callerKey(row),
    concurrencyKey: row.concurrencyKey,
    createdBy: row.createdBy,
    cancelRequestedAt: row.cancelRequestedAt,
    cancelRequestedBy: row.cancelRequestedBy,
    abandonedAt: row.abandonedAt,
    replaces: row.replaces,
    replacedBy: row.replacedBy,
    traceparent: row.traceparent,
  }
}

/** The attempts so far, the running one included. */
export function toAttempts(row: ExecutionRow): readonly Attempt[] {
  const isRecorded = row.attempts.at(-1)?.number === row.attempt // abandoned: ended, although its handler has not
  if (!isHeld(row) || isRecorded) return row.attempts
  return [
    ...row.attempts,
    {
      number: row.attempt,
      instance: row.instance ?? '',
      fence: row.fence,
      claimedAt: row.claimedAt ?? 0,
      startedAt: row.startedAt,
      finishedAt: null,
      outcome: null,
      error: null,
      log: [],
    },
  ]
}

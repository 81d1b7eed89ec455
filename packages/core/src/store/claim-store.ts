import type { Missed } from './execution.ts'

/** How much of one queue an instance can take now. */
export interface QueueDemand {
  readonly queue: string
  /** Executions that start at once. */
  readonly slots: number
  /** Executions beyond those that may be taken ahead; 0 where the queue has a limit across the cluster. */
  readonly prefetch: number
}

/** A claim. The same `token` again answers with what was claimed under it before (the reply may have been lost). */
export interface ClaimRequest {
  readonly instance: string
  /** Grows with each claim of the instance; repeated only when the reply was lost. */
  readonly token: number
  readonly isRepeat: boolean
  readonly queues: readonly QueueDemand[]
  /** Ticks that fall due within this time may be taken already, to start at their instant. Milliseconds; 0: none may. */
  readonly aheadMs: number
  /** The jobs that this instance has a handler for and accepts. The same object from call to call unless it changes. */
  readonly handlers: ReadonlySet<string>
}

/** What one execution runs under beside the lease of its instance, where no store is shared. */
export interface ExecutionLease {
  /** How long it can be relied on, milliseconds; 0: not any more. */
  remainingMs(): number
  /** Fires when it is lost, never because it was given back. */
  readonly signal: AbortSignal
}

/** An execution that an instance owns until its lease ends. */
export interface ClaimedExecution {
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly queue: string
  readonly priority: number
  readonly scheduledFor: number
  readonly dueAt: number
  /** The number of the attempt, from 1. */
  readonly attempt: number
  readonly retries: number
  readonly interruptions: number
  /** The execution's own counter, by which settling is judged. */
  readonly fence: bigint
  /** The fence that the handler is given, and whose it is: the job's or concurrency key's where exclusive. */
  readonly guardFence: bigint
  readonly guardKey: string
  readonly claimedAt: number
  /**
   * When it starts: the time of the claim, or the instant of a tick that is not due yet. Null: taken ahead for want of a
   * slot; it starts at `dueAt` or later, and must be reported by `markStarted` or its settlement.
   */
  readonly startedAt: number | null
  readonly input: string | null
  readonly missed: Missed | null
  readonly isTick: boolean
  readonly createdBy: string | null
  readonly traceparent: string | null
  /** Absent: the lease of the instance is all that it needs. */
  readonly lease?: ExecutionLease
}

/** What a claim pass found. */
export interface ClaimResult {
  /** False: the instance was declared dead; it must abort what it runs and register anew. */
  readonly isAlive: boolean
  readonly executions: readonly ClaimedExecution[]
  /** Ticks that this pass folded or skipped by overlap, pause or expiry, for events. */
  readonly dropped: readonly { readonly job: string; readonly scheduledFor: number; readonly reason: string }[]
  /** Jobs with unjudged ticks later than the punctual window: the planner must judge them. */
  readonly lateJobs: readonly string[]
  /** Executions that this pass asked to end (overlap `cancel-running`). */
  readonly cancelRequested: readonly string[]
  /** When the next execution falls due for these queues and handlers; null: none is known. Unix milliseconds. */
  readonly nextDueAt: number | null
  /** Whether due executions were left behind for want of demand. */
  readonly hasMore: boolean
  /** The server's time. */
  readonly now: number
}

/** From due rows to owned executions. */
export interface ClaimStore {
  /**
   * One pass: judges punctual ticks that fell due (pause of the job or of its queue, then overlap), whether or not their
   * queue is asked for or paused, expires what waited too long, then takes due
   * executions by priority, then age, within queue limits, exclusivity and concurrency keys, each with a fresh fence.
   * Nothing is taken of a paused queue, no tick or retry of a tick of a paused job.
   *
   * Nothing is taken before its time but, where demand is left, ticks that fall due within `aheadMs` and whose verdict
   * is certain: no pause is in force or covers their instant, no other execution of an exclusive job is open or waits,
   * no retry of their job waits for them to fall due, and their queue has no limit. Given back before its time, such a
   * tick has no verdict again.
   */
  claim(namespace: string, request: ClaimRequest): Promise<ClaimResult>

  /** Records the start of executions that were taken ahead. Answers the ids whose fence is no longer the newest. */
  markStarted(
    namespace: string,
    starts: readonly { readonly executionId: string; readonly fence: bigint; readonly startedAt: number }[],
  ): Promise<readonly string[]>

  /** Gives back what was claimed and whose handler was not called: no attempt is recorded, no retry is spent. */
  handBack(
    namespace: string,
    executions: readonly { readonly executionId: string; readonly fence: bigint }[],
  ): Promise<void>

  /**
   * Renews the lease of an instance and of all that it holds. What the store has as claimed by it under a token up to
   * `claimedUpTo`, and `holding` does not name, is given back (unstarted as by `handBack`, started as interrupted):
   * the reply that granted it was lost, or the instance gave it up.
   *
   * @param holding - Ids of what the instance holds, with their fences.
   * @param claimedUpTo - The greatest claim token whose reply the instance has taken in, with all before it; 0: none.
   */
  heartbeat(
    namespace: string,
    request: {
      readonly instance: string
      readonly leaseMs: number
      readonly holding: readonly { readonly executionId: string; readonly fence: bigint }[]
      readonly claimedUpTo: number
    },
  ): Promise<HeartbeatResult>
}

/** The answer to a heartbeat. */
export interface HeartbeatResult {
  /** False: the lease had ended and the instance was declared dead; nothing that it holds is its own any more. */
  readonly isAlive: boolean
  /** Ids of `holding` that belong to someone else now. */
  readonly lost: readonly string[]
  /** Executions of `holding` that are to be cancelled, and who asked. */
  readonly cancel: readonly { readonly executionId: string; readonly by: string | null }[]
  /** The server's time. */
  readonly now: number
}

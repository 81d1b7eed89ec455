import type { ErrorRecord, ExecutionReason, ExecutionStatus } from '../store/execution.ts'

interface ExecutionEvent {
  readonly executionId: string
  readonly job: string
  readonly queue: string
  /** Nominal time, Unix milliseconds. */
  readonly scheduledFor: number
  /** The attempt, from 1. */
  readonly attempt: number
  /** The instance that speaks: this one. */
  readonly instance: string
}

interface EndedEvent extends ExecutionEvent {
  /** Milliseconds from start to end of the attempt. */
  readonly durationMs: number
  readonly reason: ExecutionReason | null
}

/**
 * What a scheduler tells about the work of its own instance. Instants are Unix milliseconds of the server's clock.
 * `execution:succeeded`, `:failed`, `:timed-out` and `:cancelled` come once per execution that this instance settled,
 * after the store has confirmed it.
 */
export interface SchedulerEvents {
  'execution:started': ExecutionEvent & { readonly latenessMs: number }
  'execution:succeeded': EndedEvent & { readonly output: string | null }
  'execution:failed': EndedEvent & { readonly error: ErrorRecord | null }
  'execution:timed-out': EndedEvent & { readonly error: ErrorRecord | null }
  'execution:cancelled': EndedEvent
  /** An attempt ended without success and another one follows at `dueAt`. */
  'execution:retrying': EndedEvent & { readonly error: ErrorRecord | null; readonly dueAt: number }
  /** Given back because this instance stops; no retry is spent. */
  'execution:returned': ExecutionEvent
  /** It started later after its due time than `lateAfter`. */
  'execution:late': ExecutionEvent & { readonly latenessMs: number }
  /** It runs longer than half of its timeout. */
  'execution:slow': ExecutionEvent & { readonly runningMs: number }
  /** Its handler ignored its signal for all of the grace period. */
  'execution:abandoned': ExecutionEvent
  /** This instance lost it: the lease ended, or its result came too late and was refused by the fence. */
  'execution:lost': ExecutionEvent & { readonly wasResultRefused: boolean }
  'execution:progress': ExecutionEvent & { readonly progress: number }
  /** A dead instance's execution was given back by this one. */
  'execution:recovered': {
    readonly executionId: string
    readonly job: string
    readonly from: string
    readonly status: ExecutionStatus
  }
  /** A tick got its verdict without running. */
  'tick:dropped': { readonly job: string; readonly scheduledFor: number; readonly reason: string }
  /** This instance was declared dead and goes on under a new id. */
  'instance:lost': { readonly instance: string }
  'job:registered': { readonly job: string; readonly revision: 'created' | 'superseded' }
  /** Somebody retired it here, or upkeep did because nobody has had a handler for a week (`by` is null then). */
  'job:retired': { readonly job: string; readonly by: string | null }
  'job:paused': {
    readonly job: string
    readonly by: string | null
    readonly note: string | null
    readonly until: number | null
  }
  'job:resumed': { readonly job: string; readonly by: string | null }
  'queue:paused': {
    readonly queue: string
    readonly by: string | null
    readonly note: string | null
    readonly until: number | null
  }
  'queue:resumed': { readonly queue: string; readonly by: string | null }
  /** Something failed that no caller waits for; the scheduler goes on and tries again. */
  'scheduler:error': { readonly error: unknown; readonly during: string }
}

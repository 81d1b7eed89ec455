import type { ExecutionReason } from '../store/execution.ts'

/** After this many interruptions of started attempts an execution has failed: it kills its process (rule 14). */
export const MOST_INTERRUPTIONS = 3

/** A claimed execution whose instance died. */
export interface InterruptedCase {
  readonly onInterrupt: 'retry' | 'fail'
  readonly retryLimit: number
  readonly wasStarted: boolean
  /** Counts before this one. */
  readonly interruptions: number
  readonly retries: number
  readonly isCancelRequested: boolean
  /** Its last attempt had already ended as timed out; only its handler had not. */
  readonly isAbandoned: boolean
}

/** What becomes of it. */
export interface InterruptedVerdict {
  readonly status: 'scheduled' | 'failed' | 'cancelled' | 'timed_out'
  readonly reason: ExecutionReason | null
  readonly spends: 'retry' | 'interruption' | 'nothing'
}

/** Decides what follows when an instance died while it held an execution (rules 14, 17 and 18). */
export function afterInterruption(given: InterruptedCase): InterruptedVerdict {
  const spends = given.wasStarted && !given.isAbandoned ? 'interruption' : 'nothing'
  if (given.isCancelRequested) return { status: 'cancelled', reason: null, spends }
  if (given.isAbandoned) {
    return given.retries < given.retryLimit
      ? { status: 'scheduled', reason: null, spends: 'retry' }
      : { status: 'timed_out', reason: 'abandoned', spends: 'nothing' }
  }
  if (!given.wasStarted) return { status: 'scheduled', reason: null, spends }
  if (given.onInterrupt === 'fail') return { status: 'failed', reason: 'interrupted', spends }
  if (given.interruptions + 1 >= MOST_INTERRUPTIONS) return { status: 'failed', reason: 'crashed', spends }
  return { status: 'scheduled', reason: null, spends }
}

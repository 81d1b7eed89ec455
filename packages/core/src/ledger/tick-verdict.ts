import type { ExecutionStatus } from '../store/execution.ts'
import type { SpanReason } from '../store/span.ts'

/** One nominal tick and what became of it, or what will. */
export interface TickVerdict {
  /** Unix milliseconds. */
  readonly scheduledFor: number
  /**
   * An execution's status, a span's reason, or: `planned` (still to come), `pending` (due, not yet judged),
   * `no-handler` (nobody could run it and nothing was decided), `purged` (older than what is kept), `unknown` (it was
   * planned and should have a record, but has none: rows were lost, or purged under a shorter retention).
   */
  readonly verdict: ExecutionStatus | SpanReason | 'planned' | 'pending' | 'purged' | 'unknown'
  /** The execution that answers for it; null for a span or forecast. */
  readonly executionId: string | null
  /** The last execution that replaced it by a retry; null: none. */
  readonly replacedBy: string | null
  /** The revision whose schedule made it; null for a forecast. */
  readonly revision: number | null
  /** One sentence: why. */
  readonly because: string
}

import type { HistoryPolicy } from '../job/job-spec.ts'
import type { AttemptOutcome, ErrorRecord, ExecutionReason, ExecutionStatus, LogLine } from './execution.ts'

/** The end of one attempt and what becomes of its execution. Instants in Unix milliseconds, server clock. */
export interface Settlement {
  readonly executionId: string
  readonly job: string
  readonly instance: string
  /** Refused unless this is the execution's newest. */
  readonly fence: bigint
  readonly attempt: number
  readonly outcome: AttemptOutcome
  readonly startedAt: number
  readonly finishedAt: number
  /** What the execution becomes; `scheduled`: another attempt follows at `dueAt`. */
  readonly status: Exclude<ExecutionStatus, 'skipped'>
  readonly reason: ExecutionReason | null
  readonly dueAt: number | null
  /** What the attempt spends. */
  readonly spends: 'retry' | 'interruption' | 'nothing'
  /** JSON text, redacted; null: none. */
  readonly output: string | null
  readonly error: ErrorRecord | null
  readonly log: readonly LogLine[]
  /** 0 to 100; stores keep whole percents. */
  readonly progress: number | null
  /** How the job keeps settled executions. */
  readonly history: HistoryPolicy
  /** Set: the handler ignored its signal; the attempt ends, the execution stays `running` and open. */
  readonly abandonedAt: number | null
}

/** What became of a settlement. */
export interface SettleResult {
  readonly executionId: string
  /** `repeated`: this very attempt was settled before, nothing changed; `stale`: its fence is not the newest. */
  readonly result: 'settled' | 'repeated' | 'stale'
  /** The status that the execution has now; a pending cancel turns a retry into `cancelled`. Null when stale. */
  readonly status: ExecutionStatus | null
}

/** From ended attempts to verdicts. */
export interface SettleStore {
  /**
   * Settles a batch, each entry by its own fence, with attempts and statistics in the same transaction. The answers come
   * in any order; those of one execution in theirs.
   *
   * An abandoned attempt is settled twice under one fence: first with `abandonedAt` (its attempt is recorded, the
   * execution stays `running` and open), then without, when the handler came back or was given up: that one decides the
   * status and records no second attempt. Any other second settlement of an attempt is `repeated`.
   */
  settle(namespace: string, settlements: readonly Settlement[]): Promise<readonly SettleResult[]>

  /** Stores progress (0 to 100) of running executions; entries whose fence is not the newest are ignored. */
  reportProgress(
    namespace: string,
    reports: readonly { readonly executionId: string; readonly fence: bigint; readonly progress: number }[],
  ): Promise<void>
}

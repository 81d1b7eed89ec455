import type { JobSpec } from '../job/job-spec.ts'
import type { Execution } from '../store/execution.ts'
import type { PauseWindow } from '../store/job-state.ts'

/** A job as people look at it. Instants in Unix milliseconds, server clock. */
export interface JobView {
  readonly name: string
  readonly spec: JobSpec
  readonly revision: number
  readonly version: number | null
  readonly hash: string
  /** The open pause, or null. */
  readonly pause: PauseWindow | null
  /** The next ticks, at most three. */
  readonly nextTicks: readonly number[]
  readonly lastExecution: Execution | null
  readonly retiredAt: number | null
  /** Whether this process has its handler. */
  readonly isLocal: boolean
}

/** A queue as people look at it. */
export interface QueueView {
  readonly name: string
  /** How many run at once on this instance; null: this instance does not serve it. */
  readonly concurrency: number | null
  /** How many run at once across the cluster; null: no limit. */
  readonly clusterLimit: number | null
  readonly pause: PauseWindow | null
  /** Due and not claimed. */
  readonly due: number
  readonly running: number
  readonly oldestDueMs: number
}

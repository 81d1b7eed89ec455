import type { Missed } from '../store/execution.ts'

/** What a handler is given. */
export interface RunContext<Input = unknown> {
  /** The payload as the job's schema returned it; undefined when there is none. */
  readonly input: Input
  /** Aborts at timeout, cancel, stop, or before the lease is lost. Stop writing then: someone else may own the work. */
  readonly signal: AbortSignal
  /** Grows with every start under the same `fenceKey`. Give it to what is written to, so that late writes are refused. */
  readonly fence: bigint
  /** Whose fence it is: the job's or concurrency key's where executions exclude each other, else the execution's. */
  readonly fenceKey: string
  readonly job: string
  readonly executionId: string
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** The nominal time of the tick, or when the run was asked for. Unix milliseconds. */
  readonly scheduledFor: number
  /** The ticks that this run stands for after an outage, itself included; null: only for itself. */
  readonly missed: Missed | null
  readonly log: RunLog
  /** Reports how far the work is, 0 to 100; what readers see lags by up to a heartbeat. */
  readonly progress: (percent: number) => void
  /** Milliseconds for which the lease can still be relied on; computed, hence true after a blocked event loop. */
  readonly remainingMs: () => number
  /** @throws {@link LeaseLostError} when the lease can no longer be relied on. */
  readonly assertHeld: () => void
}

/** The log of one execution: kept with it, bounded and redacted. */
export interface RunLog {
  readonly debug: (message: string, fields?: object) => void
  readonly info: (message: string, fields?: object) => void
  readonly warn: (message: string, fields?: object) => void
  readonly error: (message: string, fields?: object) => void
}

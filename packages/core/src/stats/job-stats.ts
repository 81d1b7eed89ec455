/** Which numbers. */
export interface StatsQuery {
  /** Default: all jobs. */
  readonly job?: string
  readonly from: Date | number
  readonly to: Date | number
}

/** Mean and percentiles of a duration, milliseconds, at most 5 % off; null when nothing was counted. */
export interface Distribution {
  readonly mean: number | null
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** Numbers of settled executions. They stay when executions are purged. */
export interface JobStats {
  readonly succeeded: number
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  readonly retries: number
  readonly interruptions: number
  /** succeeded / (succeeded + failed + timedOut); null when nothing ended. */
  readonly successRate: number | null
  readonly duration: Distribution
  /** From due to start. */
  readonly lateness: Distribution
}

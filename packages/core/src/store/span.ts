/** Why the ticks of a span did not run, or, for history that is not kept as rows, how they ended. */
export type SpanReason =
  | 'paused'
  | 'misfire'
  | 'coalesced'
  | 'overlap'
  | 'expired'
  | 'no-handler'
  | 'unavailable'
  | 'elsewhere'
  | 'succeeded'
  | 'failed'
  | 'timed_out'
  | 'cancelled'

/** A run of consecutive ticks of one job and revision that share a verdict and have no execution. */
export interface Span {
  readonly job: string
  readonly revision: number
  /** First tick, Unix milliseconds. */
  readonly from: number
  /** Last tick, Unix milliseconds; equal to `from` for a single tick. */
  readonly to: number
  readonly count: number
  readonly reason: SpanReason
}

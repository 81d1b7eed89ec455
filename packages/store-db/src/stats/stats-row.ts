import type { Histogram } from '@escapement/core'
import type { StatsNumbers } from './stats-change.ts'

/** The numbers of a bucket as stored. */
export interface StatsRow {
  readonly succeeded: number
  readonly failed: number
  readonly timed_out: number
  readonly cancelled: number
  readonly retries: number
  readonly interruptions: number
  readonly duration_sum_ms: number
  readonly lateness_sum_ms: number
  readonly duration: string
  readonly lateness: string
}

/** A row as numbers. */
export function numbersOf(row: StatsRow): StatsNumbers {
  return {
    succeeded: row.succeeded,
    failed: row.failed,
    timedOut: row.timed_out,
    cancelled: row.cancelled,
    retries: row.retries,
    interruptions: row.interruptions,
    durationSumMs: row.duration_sum_ms,
    latenessSumMs: row.lateness_sum_ms,
    duration: JSON.parse(row.duration) as Histogram,
    lateness: JSON.parse(row.lateness) as Histogram,
  }
}

/** Numbers as stored, in the order of {@link StatsRow}. */
export function statsValues(numbers: StatsNumbers): (string | number)[] {
  return [
    numbers.succeeded,
    numbers.failed,
    numbers.timedOut,
    numbers.cancelled,
    numbers.retries,
    numbers.interruptions,
    numbers.durationSumMs,
    numbers.latenessSumMs,
    JSON.stringify(numbers.duration),
    JSON.stringify(numbers.lateness),
  ]
}

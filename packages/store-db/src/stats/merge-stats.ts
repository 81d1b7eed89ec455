import type { Histogram, StatsRecord } from '@escapement/core'
import { addNumbers, type StatsNumbers } from './stats-change.ts'

/** What one instance has counted in one bucket, as it is read: columns in the order of the statement. */
export type CountedBucket = readonly [
  bucket: number,
  succeeded: number,
  failed: number,
  timedOut: number,
  cancelled: number,
  retries: number,
  interruptions: number,
  durationSumMs: number,
  latenessSumMs: number,
  duration: Histogram,
  lateness: Histogram,
]

/** One record for each bucket: what instances and widths of one begin have counted adds up. By time. */
export function mergeStats(job: string, counted: readonly CountedBucket[]): readonly StatsRecord[] {
  const sums = new Map<number, StatsNumbers>()
  for (const one of counted) {
    const sum = sums.get(one[0])
    sums.set(one[0], sum === undefined ? numbersOf(one) : addNumbers(sum, numbersOf(one)))
  }
  return [...sums].toSorted(([a], [b]) => a - b).map(([bucket, numbers]) => ({ job, bucket, ...numbers }))
}

function numbersOf(counted: CountedBucket): StatsNumbers {
  const [
    ,
    succeeded,
    failed,
    timedOut,
    cancelled,
    retries,
    interruptions,
    durationSumMs,
    latenessSumMs,
    ...histograms
  ] = counted
  const [duration, lateness] = histograms
  const counts = { succeeded, failed, timedOut, cancelled, retries, interruptions }
  return { ...counts, durationSumMs, latenessSumMs, duration, lateness }
}

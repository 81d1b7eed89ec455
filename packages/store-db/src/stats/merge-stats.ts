import type { StatsRecord } from '@escapement/core'
import { addNumbers, type StatsNumbers } from './stats-change.ts'
import { numbersOf, type StatsRow } from './stats-row.ts'

/** A bucket of one instance as stored. */
export interface StatsRecordRow extends StatsRow {
  readonly bucket: number
}

/** One record for each bucket: what instances and widths of one begin have counted adds up. By time. */
export function mergeStats(job: string, rows: readonly StatsRecordRow[]): readonly StatsRecord[] {
  const sums = new Map<number, StatsNumbers>()
  for (const row of rows) {
    const sum = sums.get(row.bucket)
    sums.set(row.bucket, sum === undefined ? numbersOf(row) : addNumbers(sum, numbersOf(row)))
  }
  return [...sums].toSorted(([a], [b]) => a - b).map(([bucket, numbers]) => ({ job, bucket, ...numbers }))
}

import type { StatsRecord } from '@escapement/core'
import { addNumbers, type StatsNumbers } from './stats-change.ts'
import { numbersOf, type StatsRow } from './stats-row.ts'

/** A bucket of one instance as stored. */
export interface StatsRecordRow extends StatsRow {
  readonly job: string
  readonly bucket: number
}

/** One record for each job and bucket: what instances and widths of one begin have counted adds up. By time, then job. */
export function mergeStats(rows: readonly StatsRecordRow[]): readonly StatsRecord[] {
  const sums = new Map<string, { readonly job: string; readonly bucket: number; numbers: StatsNumbers }>()
  for (const row of rows) {
    const key = `${row.bucket} ${row.job}`
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { job: row.job, bucket: row.bucket, numbers: numbersOf(row) })
    else sum.numbers = addNumbers(sum.numbers, numbersOf(row))
  }
  return [...sums.values()]
    .toSorted((a, b) => a.bucket - b.bucket || (a.job < b.job ? -1 : 1))
    .map(({ job, bucket, numbers }) => ({ job, bucket, ...numbers }))
}

import type { StatsRow } from '../../stats/stats-row.ts'
import { readNumbers } from '../read-numbers.ts'

/** What tells buckets apart. */
export interface BucketKey {
  readonly job: string
  readonly bucket: number
  /** How long the bucket is, milliseconds. */
  readonly width: number
  readonly instance: string
}

/** A bucket as stored. */
export type BucketRow = BucketKey & StatsRow

const COUNTS = [
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
  'retries',
  'interruptions',
  'duration_sum_ms',
  'lateness_sum_ms',
] as const satisfies readonly (keyof StatsRow)[]
const NUMBERS = ['bucket', 'width', ...COUNTS] as const

/** The columns of a `CountedBucket`, in its order. */
export const COUNTED_COLUMNS: string = ['bucket', ...COUNTS, 'duration', 'lateness'].join(', ')

/** The columns of a bucket, as {@link bucketRowOf} reads them. */
export const BUCKET_COLUMNS: string = ['job', 'instance', 'duration', 'lateness', ...NUMBERS].join(', ')

/** A row of {@link BUCKET_COLUMNS}. */
export function bucketRowOf(row: object): BucketRow {
  return readNumbers<BucketRow>(row, NUMBERS)
}

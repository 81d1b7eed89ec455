/** Sparse counts by bucket index. */
export type Histogram = Readonly<Record<number, number>>

/**
 * Ratio between bucket limits. A bucket answers with its middle, so that any value is at most 4.8 % off
 * (relative-error histograms as in Masson, Rim and Lee, "DDSketch", VLDB 2019).
 */
const RATIO = 1.1
const LOG_RATIO = Math.log(RATIO)

/** The bucket of a value in milliseconds; everything up to 1 ms is bucket 0. */
export function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log(ms) / LOG_RATIO)
}

/** The value in milliseconds that stands for a bucket. */
export function bucketValue(bucket: number): number {
  return bucket === 0 ? 1 : (2 * RATIO ** bucket) / (RATIO + 1)
}

/** The sum of histograms. */
export function mergeHistograms(...histograms: readonly Histogram[]): Histogram {
  const sum: Record<number, number> = {}
  for (const histogram of histograms) {
    for (const [bucket, count] of Object.entries(histogram)) sum[Number(bucket)] = (sum[Number(bucket)] ?? 0) + count
  }
  return sum
}

/** The value in milliseconds that the fraction `quantile` (0 to 1) of all values does not exceed; null when empty. */
export function percentile(histogram: Histogram, quantile: number): number | null {
  const buckets = Object.keys(histogram)
    .map(Number)
    .sort((a, b) => a - b)
  const total = buckets.reduce((sum, bucket) => sum + (histogram[bucket] ?? 0), 0)
  let left = Math.max(1, Math.ceil(total * quantile))
  for (const bucket of buckets) {
    left -= histogram[bucket] ?? 0
    if (left <= 0) return bucketValue(bucket)
  }
  return null
}

import type { StatsRecord } from '../store/read-store.ts'
import { type Histogram, mergeHistograms, percentile } from './histogram.ts'
import type { Distribution, JobStats } from './job-stats.ts'

/** Adds up the numbers of any jobs, buckets and instances. */
export function jobStatsOf(records: readonly StatsRecord[]): JobStats {
  const sum = (field: CountField): number => records.reduce((total, record) => total + record[field], 0)
  const [succeeded, failed, timedOut] = [sum('succeeded'), sum('failed'), sum('timedOut')]
  const ended = succeeded + failed + timedOut
  return {
    succeeded,
    failed,
    timedOut,
    cancelled: sum('cancelled'),
    retries: sum('retries'),
    interruptions: sum('interruptions'),
    successRate: ended === 0 ? null : succeeded / ended,
    duration: distribution(
      records.map((record) => record.duration),
      sum('durationSumMs'),
    ),
    lateness: distribution(
      records.map((record) => record.lateness),
      sum('latenessSumMs'),
    ),
  }
}

type CountField = { [Field in keyof StatsRecord]: StatsRecord[Field] extends number ? Field : never }[keyof StatsRecord]

/** A call takes only so many arguments; a year of minutes of all jobs is more. */
const MERGED_A_CALL = 1_000

function distribution(histograms: readonly Histogram[], sumMs: number): Distribution {
  let histogram: Histogram = {}
  for (let first = 0; first < histograms.length; first += MERGED_A_CALL) {
    histogram = mergeHistograms(histogram, ...histograms.slice(first, first + MERGED_A_CALL))
  }
  const count = Object.values(histogram).reduce((total, each) => total + each, 0)
  return {
    mean: count === 0 ? null : sumMs / count,
    p50: percentile(histogram, 0.5),
    p95: percentile(histogram, 0.95),
    p99: percentile(histogram, 0.99),
  }
}

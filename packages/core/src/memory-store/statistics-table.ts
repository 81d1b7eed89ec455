import { bucketOf, type Histogram } from '../stats/histogram.ts'
import type { StatsRecord } from '../store/read-store.ts'
import { Fifo } from './fifo.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** What a bucket counts. */
export type StatisticsCount = 'succeeded' | 'failed' | 'timedOut' | 'cancelled' | 'retries' | 'interruptions'

interface Bucket extends Record<StatisticsCount, number> {
  readonly job: string
  readonly start: number
  durationSumMs: number
  latenessSumMs: number
  /** Bucket index and count in turn: a year of these must fit in memory. */
  duration: readonly number[]
  lateness: readonly number[]
}

/** The buckets of one width. */
interface Tier {
  readonly widthMs: number
  /** Buckets older than this go to the next tier. */
  readonly keepMs: number
  readonly byJob: Map<string, Map<number, Bucket>>
  /** In the order in which they came. */
  readonly age: Fifo<Bucket>
}

/**
 * Numbers by job and bucket of time. One process writes them, so they need no split by instance as in a database.
 */
export class StatisticsTable {
  readonly #minutes = tier(MINUTE_MS, DAY_MS)
  readonly #hours = tier(HOUR_MS, 30 * DAY_MS)
  readonly #days = tier(DAY_MS, Number.POSITIVE_INFINITY)

  count(job: string, at: number, what: StatisticsCount): void {
    bucketAt(this.#minutes, job, at)[what]++
  }

  /** Counts how long an attempt took and how late it began. */
  measure(job: string, at: number, durationMs: number, latenessMs: number): void {
    const bucket = bucketAt(this.#minutes, job, at)
    bucket.durationSumMs += durationMs
    bucket.latenessSumMs += latenessMs
    bucket.duration = added(bucket.duration, bucketOf(durationMs), 1)
    bucket.lateness = added(bucket.lateness, bucketOf(latenessMs), 1)
  }

  /** Moves up to `limit` old buckets to the next width; answers how many. */
  fold(now: number, limit: number): number {
    const folded = foldInto(this.#minutes, this.#hours, now, limit)
    return folded + foldInto(this.#hours, this.#days, now, limit - folded)
  }

  /** Buckets of one job (null: of all together) that begin in [from, to), by time. */
  read(job: string | null, from: number, to: number): StatsRecord[] {
    const found = new Map<number, Bucket>()
    for (const { byJob } of [this.#days, this.#hours, this.#minutes]) {
      for (const buckets of job === null ? byJob.values() : [byJob.get(job) ?? new Map<number, Bucket>()]) {
        for (const bucket of buckets.values()) {
          if (bucket.start < from || bucket.start >= to) continue
          const total = found.get(bucket.start) ?? emptyBucket(job ?? '', bucket.start)
          merge(total, bucket)
          found.set(bucket.start, total)
        }
      }
    }
    return [...found.values()]
      .toSorted((a, b) => a.start - b.start)
      .map(({ start, duration, lateness, ...bucket }) => ({
        ...bucket,
        bucket: start,
        duration: toHistogram(duration),
        lateness: toHistogram(lateness),
      }))
  }
}

function tier(widthMs: number, keepMs: number): Tier {
  return { widthMs, keepMs, byJob: new Map(), age: new Fifo() }
}

function emptyBucket(job: string, start: number): Bucket {
  return {
    job,
    start,
    succeeded: 0,
    failed: 0,
    timedOut: 0,
    cancelled: 0,
    retries: 0,
    interruptions: 0,
    durationSumMs: 0,
    latenessSumMs: 0,
    duration: [],
    lateness: [],
  }
}

function bucketAt(into: Tier, job: string, at: number): Bucket {
  const start = at - (at % into.widthMs)
  let buckets = into.byJob.get(job)
  if (buckets === undefined) into.byJob.set(job, (buckets = new Map()))
  let bucket = buckets.get(start)
  if (bucket === undefined) {
    bucket = emptyBucket(job, start)
    buckets.set(start, bucket)
    into.age.push(bucket)
  }
  return bucket
}

function foldInto(from: Tier, into: Tier, now: number, limit: number): number {
  let folded = 0
  for (let oldest = from.age.peek(); oldest !== undefined && folded < limit; oldest = from.age.peek()) {
    if (oldest.start + from.widthMs > now - from.keepMs) break
    from.age.shift()
    from.byJob.get(oldest.job)?.delete(oldest.start)
    merge(bucketAt(into, oldest.job, oldest.start), oldest)
    folded++
  }
  return folded
}

function merge(into: Bucket, other: Bucket): void {
  into.succeeded += other.succeeded
  into.failed += other.failed
  into.timedOut += other.timedOut
  into.cancelled += other.cancelled
  into.retries += other.retries
  into.interruptions += other.interruptions
  into.durationSumMs += other.durationSumMs
  into.latenessSumMs += other.latenessSumMs
  into.duration = sum(into.duration, other.duration)
  into.lateness = sum(into.lateness, other.lateness)
}

function sum(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0) return b
  let pairs = a
  for (let at = 0; at < b.length; at += 2) pairs = added(pairs, b[at] as number, b[at + 1] as number)
  return pairs
}

/** Copies, so that buckets may share what they hold and none has room to spare. */
function added(pairs: readonly number[], index: number, count: number): readonly number[] {
  for (let at = 0; at < pairs.length; at += 2) {
    if (pairs[at] === index) return pairs.with(at + 1, (pairs[at + 1] as number) + count)
  }
  return pairs.length === 0 ? [index, count] : [...pairs, index, count]
}

function toHistogram(pairs: readonly number[]): Histogram {
  const histogram: Record<number, number> = {}
  for (let at = 0; at < pairs.length; at += 2) histogram[pairs[at] as number] = pairs[at + 1] as number
  return histogram
}

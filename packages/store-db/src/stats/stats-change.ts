import { bucketOf, type Histogram, mergeHistograms } from '@escapement/core'

/** Stands in the place of a job for all of them together; no job can be called so. */
export const ALL_JOBS = ''

/** Statistics are first gathered by the minute. Milliseconds. */
export const MINUTE_MS = 60_000

/** The numbers of one bucket, as counted or as added. */
export interface StatsNumbers {
  readonly succeeded: number
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  readonly retries: number
  readonly interruptions: number
  readonly durationSumMs: number
  readonly latenessSumMs: number
  readonly duration: Histogram
  readonly lateness: Histogram
}

/** Nothing counted. */
const NO_NUMBERS: StatsNumbers = Object.freeze({
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  cancelled: 0,
  retries: 0,
  interruptions: 0,
  durationSumMs: 0,
  latenessSumMs: 0,
  duration: {},
  lateness: {},
})

/** The sum of two. */
export function addNumbers(a: StatsNumbers, b: StatsNumbers): StatsNumbers {
  return {
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    timedOut: a.timedOut + b.timedOut,
    cancelled: a.cancelled + b.cancelled,
    retries: a.retries + b.retries,
    interruptions: a.interruptions + b.interruptions,
    durationSumMs: a.durationSumMs + b.durationSumMs,
    latenessSumMs: a.latenessSumMs + b.latenessSumMs,
    duration: mergeHistograms(a.duration, b.duration),
    lateness: mergeHistograms(a.lateness, b.lateness),
  }
}

/** One thing to be counted. Milliseconds. */
export interface StatsEvent {
  readonly job: string
  readonly instance: string
  readonly at: number
  /** The status that the execution has now; only ends are counted. */
  readonly status: string
  readonly spends: 'retry' | 'interruption' | 'nothing'
  /** How long the attempt ran; null: it did not. */
  readonly durationMs: number | null
  /** From due to its first start; null: this was not its first attempt. */
  readonly latenessMs: number | null
}

/** What is added to one bucket. */
export interface StatsChange {
  readonly job: string
  readonly instance: string
  readonly bucket: number
  readonly numbers: StatsNumbers
}

type Counts = {
  -readonly [Key in keyof StatsNumbers]: StatsNumbers[Key] extends number ? number : Record<number, number>
}

/** Sums events by minute and instance, of their job and of all jobs together. */
export function statsChanges(events: readonly StatsEvent[]): readonly StatsChange[] {
  const changes = new Map<string, StatsChange & { readonly numbers: Counts }>()
  for (const event of events) {
    count(numbersOf(changes, event.job, event), event)
    count(numbersOf(changes, ALL_JOBS, event), event)
  }
  return [...changes.values()]
}

function numbersOf(
  changes: Map<string, StatsChange & { readonly numbers: Counts }>,
  job: string,
  { instance, at }: StatsEvent,
): Counts {
  const bucket = Math.floor(at / MINUTE_MS) * MINUTE_MS
  const key = `${job} ${bucket} ${instance}`
  let change = changes.get(key)
  if (change === undefined) {
    change = { job, instance, bucket, numbers: { ...NO_NUMBERS, duration: {}, lateness: {} } }
    changes.set(key, change)
  }
  return change.numbers
}

function count(numbers: Counts, event: StatsEvent): void {
  if (event.status === 'succeeded') numbers.succeeded++
  if (event.status === 'failed') numbers.failed++
  if (event.status === 'timed_out') numbers.timedOut++
  if (event.status === 'cancelled') numbers.cancelled++
  if (event.spends === 'retry') numbers.retries++
  if (event.spends === 'interruption') numbers.interruptions++
  if (event.durationMs !== null) numbers.durationSumMs += put(numbers.duration, event.durationMs)
  if (event.latenessMs !== null) numbers.latenessSumMs += put(numbers.lateness, event.latenessMs)
}

function put(histogram: Record<number, number>, ms: number): number {
  const value = Math.max(0, Math.round(ms))
  const bucket = bucketOf(value)
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
  return value
}

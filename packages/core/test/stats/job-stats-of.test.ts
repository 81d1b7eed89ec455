import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf } from '../../src/stats/histogram.ts'
import { jobStatsOf } from '../../src/stats/job-stats-of.ts'
import type { StatsRecord } from '../../src/store/read-store.ts'

const nothing: StatsRecord = {
  job: 'a',
  bucket: 0,
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
}

test('rule 21: nothing counted gives zeros, and no rate, mean or percentile', () => {
  const none = { mean: null, p50: null, p95: null, p99: null }
  expect(jobStatsOf([])).toEqual({
    succeeded: 0,
    failed: 0,
    timedOut: 0,
    cancelled: 0,
    retries: 0,
    interruptions: 0,
    successRate: null,
    duration: none,
    lateness: none,
  })
})

test('rule 21: numbers of jobs, buckets and instances add up', () => {
  const stats = jobStatsOf([
    { ...nothing, succeeded: 6, failed: 1, retries: 3, duration: { 0: 6, 10: 1 }, durationSumMs: 14 },
    {
      ...nothing,
      job: 'b',
      succeeded: 1,
      timedOut: 2,
      cancelled: 5,
      interruptions: 4,
      duration: { 10: 3 },
      durationSumMs: 6,
    },
  ])
  expect(stats).toMatchObject({ succeeded: 7, failed: 1, timedOut: 2, cancelled: 5, retries: 3, interruptions: 4 })
  expect(stats.duration.mean).toBe(2)
})

test('a year of minutes adds up as well', () => {
  const minute = { ...nothing, succeeded: 1, duration: { 3: 1 }, durationSumMs: 2 }
  const stats = jobStatsOf(Array.from({ length: 525_600 }, () => minute))
  expect(stats).toMatchObject({ succeeded: 525_600, duration: { mean: 2 } })
})

test('cancelled executions are neither successes nor failures', () => {
  expect(jobStatsOf([{ ...nothing, succeeded: 3, failed: 1, cancelled: 100 }]).successRate).toBe(0.75)
  expect(jobStatsOf([{ ...nothing, cancelled: 100 }]).successRate).toBeNull()
})

test('rule 21: percentiles are at most 5 % off, however the counts were spread over records', () => {
  const times = fc.array(fc.integer({ min: 2, max: 10_000_000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 0.95, 0.99), (given, quantile) => {
      const records = given.map((ms) => ({
        ...nothing,
        succeeded: 1,
        lateness: { [bucketOf(ms)]: 1 },
        latenessSumMs: ms,
      }))
      const { lateness } = jobStatsOf(records)
      const sorted = given.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(sorted.length * quantile) - 1] as number
      const found = { 0.5: lateness.p50, 0.95: lateness.p95, 0.99: lateness.p99 }[quantile as 0.5] as number
      expect(Math.abs(found - exact) / exact).toBeLessThan(0.05)
      expect(lateness.mean).toBeCloseTo(given.reduce((sum, ms) => sum + ms, 0) / given.length, 3)
    }),
  )
})

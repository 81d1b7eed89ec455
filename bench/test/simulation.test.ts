import { expect, test } from 'vitest'
import { simulate } from '../simulation/simulation.ts'

const FEWER = { days: 30, daily: 95, hourly: 5, seed: 11, retentionDays: 7 }

test('promises 1 and 2: in 30 virtual days every tick runs once, and the store holds the days that are retained', async () => {
  const result = await simulate({ ...FEWER, faults: 0 })
  expect(result.differences).toEqual([])
  const aDay = 95 + 5 * 24
  // Two ticks fall on the very instant before which everything is purged.
  expect(result).toMatchObject({ ticks: 30 * aDay, runs: 30 * aDay, folded: 0, kept: 7 * aDay + 2 })
}, 60_000)

test('promises 1 and 2: with 1 % crashes and lost replies the same ticks have run or have a verdict', async () => {
  const result = await simulate({ ...FEWER, faults: 0.01 })
  expect(result.differences).toEqual([])
  expect(result.crashes).toBeGreaterThan(20)
}, 60_000)

import { expect, it } from 'vitest'
import { compareZone } from './oracle/compare.ts'

/** All zones, and 200,000 triples: `pnpm cron-oracle`. Here are those whose clocks do the oddest things. */
const ZONES = [
  'America/New_York',
  'America/Havana', // midnight does not exist
  'Africa/Casablanca', // summer time is interrupted
  'Asia/Gaza', // two changes within a month
  'Australia/Lord_Howe', // half an hour
  'Antarctica/Troll', // two hours
  'Pacific/Apia', // changed sides
  'Asia/Kathmandu', // 15 minutes, once
]

it.each(ZONES.map((zone, index) => [zone, 7_000 + index] as const))(
  'the engine agrees in %s with an oracle that shares no code with it (seed %i)',
  (zone, seed) => {
    const { disagreements, mostSteps, byMinutes, byDates } = compareZone({ zone, seed, triples: 60, days: 60 })
    expect(disagreements).toEqual([])
    expect(mostSteps).toBeLessThan(3_000)
    expect(Math.min(byMinutes, byDates)).toBeGreaterThan(10)
  },
)

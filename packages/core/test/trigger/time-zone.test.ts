import { describe, expect, it } from 'vitest'
import { timeZone } from '../../src/trigger/time-zone.ts'

const HOUR_MS = 3_600_000
const day = (date: string): number => Date.parse(date) / (24 * HOUR_MS)
const offsets = (zone: string, ...dates: string[]): (number | null)[] =>
  dates.map((date) => {
    const offset = timeZone(zone).steadyOffsetMs(day(date))
    return offset === null ? null : offset / HOUR_MS
  })

describe('the offset of a day', () => {
  it('is the same all year in UTC and in zones without summer time', () => {
    expect(offsets('UTC', '2026-01-01', '2026-07-01')).toEqual([0, 0])
    expect(offsets('Asia/Kathmandu', '2026-01-01', '2026-07-01')).toEqual([5.75, 5.75])
  })

  it('is unsteady on the day of a change only', () => {
    expect(offsets('Europe/Berlin', '2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31')).toEqual([
      1,
      1,
      null,
      2,
      2,
    ])
    expect(offsets('America/New_York', '2026-10-31', '2026-11-01', '2026-11-02')).toEqual([-4, null, -5])
  })

  it('is unsteady where midnight is skipped or a day is left out', () => {
    expect(offsets('America/Havana', '2026-03-07', '2026-03-08', '2026-03-09')).toEqual([-5, null, -4])
    expect(offsets('Pacific/Apia', '2011-12-28', '2011-12-30', '2012-01-02')).toEqual([-10, null, 14])
  })

  it('is right between two changes a week apart', () => {
    expect(offsets('America/Boa_Vista', '2000-10-07', '2000-10-08', '2000-10-11', '2000-10-15', '2000-10-17')).toEqual([
      -4,
      null,
      -3,
      null,
      -4,
    ])
  })
})

it('the day of an instant is that of the wall clock, never a later one', () => {
  expect(timeZone('Asia/Tokyo').dayOf(Date.parse('2026-01-01T15:00Z'))).toBe(day('2026-01-02'))
  expect(timeZone('Asia/Tokyo').dayOf(Date.parse('2026-01-01T14:59Z'))).toBe(day('2026-01-01'))
  expect(timeZone('America/New_York').dayOf(Date.parse('2026-01-01T04:59Z'))).toBe(day('2025-12-31'))
  expect(timeZone('Pacific/Apia').dayOf(Date.parse('2011-12-30T10:00Z'))).toBeLessThanOrEqual(day('2011-12-31'))
})

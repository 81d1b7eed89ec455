import { describe, expect, it } from 'vitest'
import { timeZone } from '../../src/cron/zone/time-zone.ts'

const seconds = (date: string): number => Date.parse(date) / 1_000
const hours = (zone: string, date: string): number => {
  const found = timeZone(zone)
  found.seek(seconds(date))
  return found.offset / 3_600
}
const shown = (instant: number): string => new Date(instant * 1_000).toISOString()

describe('the offset of a zone', () => {
  it.each([
    ['UTC', '2026-07-01', 0],
    ['Asia/Kathmandu', '2026-01-01', 5.75],
    ['America/St_Johns', '2026-01-01', -3.5],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 2],
    ['Pacific/Apia', '2011-12-30T09:59:59Z', -10],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', 14],
    ['Pacific/Kiritimati', '1994-12-31T10:40:00Z', 14],
    ['Africa/Monrovia', '1971-01-01', -0.741_666_666_666_666_7], // 44 minutes 30 seconds
    ['America/Boa_Vista', '2000-10-11', -3], // summer time of one week
    ['America/Boa_Vista', '2000-10-16', -4],
    ['America/New_York', '2099-07-01', -4],
    ['+05:30', '2026-01-01', 5.5],
  ])('%s at %s', (zone, date, expected) => {
    expect(hours(zone, date)).toBeCloseTo(expected, 10)
  })

  it('is the same whatever was asked before', () => {
    const instants = Array.from({ length: 3_000 }, (_, index) => ((index * 7_919) % 3_000) * 1_400_000)
    const forward = timeZone('Africa/Casablanca')
    const offsets = instants.map((instant) => {
      forward.seek(instant)
      return forward.offset
    })
    for (const [index, instant] of [...instants.entries()].toReversed()) {
      forward.seek(instant)
      expect(forward.offset).toBe(offsets[index])
      expect(instant >= forward.from && instant < forward.until).toBe(true)
    }
  })

  it('a piece says when it began and ends, and what holds before and after', () => {
    const zone = timeZone('Australia/Lord_Howe')
    zone.seek(seconds('2026-06-01'))
    expect([shown(zone.from), shown(zone.until)]).toEqual(['2026-04-04T15:00:00.000Z', '2026-10-03T15:30:00.000Z'])
    expect([zone.offsetBefore, zone.offset, zone.offsetAfter]).toEqual([39_600, 37_800, 39_600])
    expect(zone.steadyFrom - zone.from).toBe(1_800)
    expect(zone.until - zone.steadyUntil).toBe(1_800)
  })

  it('stays as it is at the ends of what is read', () => {
    expect(hours('America/New_York', '1901-07-01')).toBe(-5)
    expect(hours('Europe/Berlin', '2500-07-01')).toBe(1)
  })
})

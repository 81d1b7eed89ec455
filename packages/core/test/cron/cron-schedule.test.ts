import { InvalidOptionError } from '@escapement/base'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CronSchedule } from '../../src/cron/cron-schedule.ts'
import type { DstPolicy } from '../../src/cron/dst-policy.ts'
import { readSchedule } from '../../src/cron/read-schedule.ts'

function next(pattern: string, timezone: string, after: string, count = 1, dst?: Partial<DstPolicy>): string[] {
  const schedule = readSchedule({ pattern, timezone, ...(dst !== undefined && { dst }) })
  const found: string[] = []
  let from = Date.parse(after)
  for (let index = 0; index < count; index++) {
    const tick = schedule.next(from)
    if (tick === null) break
    found.push(new Date(tick).toISOString().replace(':00.000Z', 'Z').replace('.000Z', 'Z'))
    from = tick
  }
  return found
}

describe('cron in UTC', () => {
  it.each([
    ['0 9 * * *', '2026-03-01T09:00:00Z', '2026-03-02T09:00Z'],
    ['0 9 * * *', '2026-03-01T08:59:59.999Z', '2026-03-01T09:00Z'],
    ['59 59 23 31 12 *', '2026-01-01T00:00:00Z', '2026-12-31T23:59:59Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00Z'],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00Z'],
    ['0 0 L * *', '2026-02-01T00:00:00Z', '2026-02-28T00:00Z'],
    ['0 0 13 * 5', '2026-02-01T00:00:00Z', '2026-02-06T00:00Z'], // day or weekday, as crontab(5) has it
    ['0 0 13 * +5', '2026-02-01T00:00:00Z', '2026-02-13T00:00Z'],
    ['0 0 * * 5L', '2026-02-01T00:00:00Z', '2026-02-27T00:00Z'],
    ['0 0 * * 1#5', '2026-02-01T00:00:00Z', '2026-03-30T00:00Z'],
    ['0 0 * 2 1#5', '2026-01-01T00:00:00Z', '2044-02-29T00:00Z'],
    ['0 0 * * *', '1969-12-30T12:00:00Z', '1969-12-31T00:00Z'],
    ['0 0 0 1 1 * 2040-2199', '1969-12-30T12:00:00Z', '2040-01-01T00:00Z'],
    ['*/20 * * * * *', '2026-01-01T00:00:00.001Z', '2026-01-01T00:00:20Z'],
  ])('%s after %s', (pattern, after, expected) => {
    expect(next(pattern, 'UTC', after)).toEqual([expected])
  })

  it('ends where dates and years end', () => {
    const schedule = readSchedule({ pattern: '0 0 * * *', timezone: 'UTC' })
    expect(schedule.next(8_640_000_000_000_000)).toBeNull()
    expect(schedule.previous(-8_640_000_000_000_000)).toBeNull()
    const past = readSchedule({ pattern: '0 0 12 1 1 * 2020', timezone: 'Europe/Berlin' })
    expect(past.next(Date.UTC(2020, 0, 1, 11))).toBeNull()
    expect(past.previous(Date.UTC(2026, 0, 1))).toBe(Date.UTC(2020, 0, 1, 11))
    expect(past.previous(Date.UTC(2020, 0, 1, 11))).toBeNull()
    expect(past.next(0)).toBe(Date.UTC(2020, 0, 1, 11))
  })
})

it.each([Number.NaN, Infinity, -8_640_000_000_000_001, '2026-01-01' as unknown as number])(
  'refuses %s, which is no instant',
  (instant) => {
    const schedule = readSchedule({ pattern: '0 9 * * *', timezone: 'Europe/Berlin' })
    expect(() => schedule.next(instant)).toThrow(/instant is .*; it is Unix milliseconds/)
    expect(() => schedule.previous(instant)).toThrow(InvalidOptionError)
  },
)

describe('cron in zones', () => {
  it('follows the wall clock across the year', () => {
    expect(next('0 9 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T08:00Z',
      '2026-03-29T07:00Z',
      '2026-03-30T07:00Z',
    ])
    expect(next('0 0 1 * *', 'Asia/Kolkata', '2026-01-15T00:00:00Z')).toEqual(['2026-01-31T18:30Z'])
    expect(next('0 0 * * *', 'Pacific/Kiritimati', '2026-01-15T00:00:00Z')).toEqual(['2026-01-15T10:00Z'])
  })

  it('goes on after a day of change whose ticks are over', () => {
    expect(next('0 12 * * *', 'America/New_York', '2026-03-08T16:00:00Z')).toEqual(['2026-03-09T16:00Z'])
    expect(next('0 12 8 3 *', 'America/New_York', '2026-03-08T16:00:00Z')).toEqual(['2027-03-08T17:00Z'])
  })

  it('a day that a zone left out when it changed sides fires at its end, once', () => {
    expect(next('0 6,12 30 12 *', 'Pacific/Apia', '2011-03-01T00:00:00Z', 2)).toEqual([
      '2011-12-30T10:00Z',
      '2012-12-29T16:00Z',
    ])
    expect(next('0 * 30 12 *', 'Pacific/Apia', '2011-03-01T00:00:00Z')).toEqual(['2012-12-29T10:00Z'])
  })
})

describe('by default, as Vixie cron', () => {
  it.each([
    ['30 2 * * *', 'America/New_York', '2026-03-08T05:00:00Z', ['2026-03-08T07:00Z', '2026-03-09T06:30Z']],
    ['30 5 * * *', 'America/New_York', '2026-03-08T05:00:00Z', ['2026-03-08T09:30Z', '2026-03-09T09:30Z']],
    ['0 */2 * * *', 'America/New_York', '2026-03-08T05:00:00Z', ['2026-03-08T08:00Z', '2026-03-08T10:00Z']],
    ['30 1 * * *', 'America/New_York', '2026-11-01T00:00:00Z', ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    ['30 1 * * *', 'America/New_York', '2026-11-01T06:10:00Z', ['2026-11-02T06:30Z']], // a restart in the second pass
    ['0 * * * *', 'America/New_York', '2026-11-01T04:30:00Z', ['2026-11-01T05:00Z', '2026-11-01T06:00Z']],
    ['0 * * * *', 'America/New_York', '2026-11-01T06:00:00Z', ['2026-11-01T07:00Z']],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      '2026-04-04T14:20:00Z',
      ['2026-04-04T14:30Z', '2026-04-04T14:45Z', '2026-04-04T15:00Z', '2026-04-04T15:15Z', '2026-04-04T15:30Z'],
    ],
    ['30 0 * * *', 'America/Havana', '2026-03-08T00:00:00Z', ['2026-03-08T05:00Z', '2026-03-09T04:30Z']],
    ['30 2 * * *', 'Africa/Casablanca', '2026-02-14T12:00:00Z', ['2026-02-15T01:30Z', '2026-02-16T02:30Z']],
  ])('%s in %s after %s', (pattern, zone, after, expected) => {
    expect(next(pattern, zone, after, expected.length)).toEqual(expected)
  })

  it('a fixed time inside an overlap runs in its first pass only, wherever the question starts', () => {
    for (const after of ['2026-11-01T00:00:00Z', '2026-10-31T22:00:00Z', '2026-11-01T05:29:00Z']) {
      expect(next('30 1 * * *', 'America/New_York', after, 2)).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z'])
    }
    for (const after of ['2026-11-01T05:30:00Z', '2026-11-01T06:10:00Z', '2026-11-01T06:31:00Z']) {
      expect(next('30 1 * * *', 'America/New_York', after)).toEqual(['2026-11-02T06:30Z'])
    }
  })

  it('rule 2: times of a gap that fall on its end are one tick', () => {
    expect(next('0,30 2,3 * * *', 'America/New_York', '2026-03-08T06:00:00Z', 3)).toEqual([
      '2026-03-08T07:00Z',
      '2026-03-08T07:30Z',
      '2026-03-09T06:00Z',
    ])
  })
})

describe('with a policy of its own', () => {
  it.each([
    ['30 2 * * *', { gap: 'end' }, ['2026-03-08T07:00Z', '2026-03-09T06:30Z']],
    ['30 2 * * *', { gap: 'skip' }, ['2026-03-09T06:30Z']],
    ['30 2 * * *', { gap: 'shift' }, ['2026-03-08T07:30Z', '2026-03-09T06:30Z']],
    ['*/30 2 * * *', { gap: 'end' }, ['2026-03-08T07:00Z', '2026-03-09T06:00Z']],
    ['*/30 2 * * *', {}, ['2026-03-09T06:00Z']],
    ['*/30 2 * * *', { gap: 'shift' }, ['2026-03-08T07:00Z', '2026-03-08T07:30Z', '2026-03-09T06:00Z']],
    ['0 3 * * *', { gap: 'shift' }, ['2026-03-08T07:00Z', '2026-03-09T07:00Z']],
    ['15 2,3 * * *', { gap: 'shift' }, ['2026-03-08T07:15Z', '2026-03-09T06:15Z', '2026-03-09T07:15Z']],
  ] as const)('%s with %j in the gap of New York', (pattern, dst, expected) => {
    expect(next(pattern, 'America/New_York', '2026-03-08T06:00:00Z', expected.length, dst)).toEqual(expected)
  })

  it.each([
    ['30 1 * * *', { overlap: 'first' }, ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    ['30 1 * * *', { overlap: 'last' }, ['2026-11-01T06:30Z', '2026-11-02T06:30Z']],
    ['30 1 * * *', { overlap: 'both' }, ['2026-11-01T05:30Z', '2026-11-01T06:30Z', '2026-11-02T06:30Z']],
    ['0 * * * *', { overlap: 'first' }, ['2026-11-01T05:00Z', '2026-11-01T07:00Z', '2026-11-01T08:00Z']],
    ['0 * * * *', { overlap: 'last' }, ['2026-11-01T06:00Z', '2026-11-01T07:00Z', '2026-11-01T08:00Z']],
    ['0 * * * *', {}, ['2026-11-01T05:00Z', '2026-11-01T06:00Z', '2026-11-01T07:00Z']],
  ] as const)('rule 2: %s with %j in the overlap of New York', (pattern, dst, expected) => {
    expect(next(pattern, 'America/New_York', '2026-11-01T04:30:00Z', expected.length, dst)).toEqual(expected)
  })
})

const POLICIES: readonly Partial<DstPolicy>[] = [
  {},
  ...(['end', 'skip', 'shift'] as const).flatMap((gap) =>
    (['first', 'last', 'both'] as const).map((overlap) => ({ gap, overlap })),
  ),
]
const PATTERNS = [
  '30 2 * * *',
  '15 0,1,23 * * *',
  '*/15 * * * *',
  '0 */2 * * *',
  '10,20 0-4 * * *',
  '* 1-3 * * *',
  '0 0 29 2 *',
  '0 0 LW * *',
  '59 23 L-2 * *',
  '0 3 * * 1#5',
  '30 1 15W 3,10,11 *',
  '0 30 0 1-7 * +sun',
  '5 5 5 5 5 * 2000-2040/3',
]
const ZONES = [
  'UTC',
  'America/New_York',
  'America/Havana',
  'Africa/Casablanca',
  'Asia/Gaza',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'America/Boa_Vista',
  'Africa/Monrovia',
  'Antarctica/Troll',
  'Asia/Kathmandu',
]

/** Whatever contradicts that `tick` is what `ask` says from `instant` on. */
function walkFrom(
  schedule: CronSchedule,
  instant: number,
  tick: number,
  ask: 'next' | 'previous',
  back: 'next' | 'previous',
): string[] {
  const step = Math.sign(tick - instant)
  const between = instant + Math.trunc((tick - instant - step) / 2)
  const contradictions = {
    'from just before it': schedule[ask](tick - step) === tick,
    'from half way': schedule[ask](between) === tick,
    'back from just behind it': schedule[back](tick + step) === tick,
    'back from it': schedule[back](tick) === schedule[back](instant + step),
  }
  return Object.entries(contradictions).flatMap(([what, holds]) => (holds ? [] : [what]))
}

describe('next and previous', () => {
  it('walk the same ticks, whatever the pattern, the zone and the policy, within 3,000 steps', () => {
    let mostSteps = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...PATTERNS),
        fc.constantFrom(...ZONES),
        fc.constantFrom(...POLICIES),
        fc.oneof(
          fc.integer({ min: -1_000_000_000_000, max: 4_200_000_000_000 }),
          fc.constantFrom('2026-03-08', '2026-11-01', '2026-04-04', '2011-12-30', '2000-10-08').chain((date) => {
            const near = Date.parse(date)
            return fc.integer({ min: near - 172_800_000, max: near + 172_800_000 })
          }),
        ),
        (pattern, timezone, dst, instant) => {
          const schedule = readSchedule({ pattern, timezone, dst })
          const before = schedule.steps
          const later = schedule.next(instant)
          mostSteps = Math.max(mostSteps, schedule.steps - before)
          const between = schedule.steps
          const earlier = schedule.previous(instant)
          mostSteps = Math.max(mostSteps, schedule.steps - between)
          expect([later ?? instant + 1, earlier ?? instant - 1]).toSatisfy(
            ([one = 0, other = 0]) => one > instant && other < instant,
          )
          expect(later === null ? [] : walkFrom(schedule, instant, later, 'next', 'previous')).toEqual([])
          expect(earlier === null ? [] : walkFrom(schedule, instant, earlier, 'previous', 'next')).toEqual([])
        },
      ),
      { numRuns: 4_000 },
    )
    expect(mostSteps).toBeGreaterThan(0)
    expect(mostSteps).toBeLessThan(3_000)
  })

  it('look at no more than 3,000 fields for the rarest patterns', () => {
    const rarest = [
      ['0 0 * 2 1#5', '1904-03-01'],
      ['0 0 29 2 +1', '2072-03-01'],
      ['0 0 29 2 +6#5', '1880-03-01'],
      ['0 0 0 31 12 * 2199', '1970-01-01'],
      ['0 0 0 29 2 +mon 1970-2199', '1969-01-01'],
      ['0 0 0 1 1 * 1970', '2300-01-01'],
      ['0 0 0 29 2 * 2000', '2026-01-01'],
      ['0 0 31W 12 +1#5', '1970-01-01'],
    ] as const
    for (const [pattern, date] of rarest) {
      for (const timezone of ['Africa/Casablanca', 'America/New_York', 'UTC']) {
        for (const dst of POLICIES) {
          const schedule = readSchedule({ pattern, timezone, dst })
          for (const ask of [() => schedule.next(Date.parse(date)), () => schedule.previous(Date.parse(date))]) {
            const before = schedule.steps
            ask()
            expect(schedule.steps - before).toBeLessThan(3_000)
          }
        }
      }
    }
  })

  it('read each of more patterns than are kept', () => {
    for (let minute = 0; minute < 60; minute++) {
      for (let second = 0; second < 60; second += 1) {
        for (const hour of [3, 4]) {
          const pattern = `${second} ${minute} ${hour} * * *`
          const tick = readSchedule({ pattern, timezone: 'Asia/Tokyo' }).next(0) as number
          expect((tick / 1_000) % 60).toBe(second)
        }
      }
    }
    expect(next('0 9 * * *', 'Asia/Tokyo', '2026-01-01T00:00:00Z')).toEqual(['2026-01-02T00:00Z'])
  })
})

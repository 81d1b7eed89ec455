import { CronExpressionParser } from 'cron-parser'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextCronTick } from '../../src/trigger/next-cron-tick.ts'

function next(pattern: string, timezone: string, after: string, count = 1): string[] {
  const found: string[] = []
  let from = Date.parse(after)
  for (let index = 0; index < count; index++) {
    const tick = nextCronTick(pattern, timezone, from)
    if (tick === null) break
    found.push(new Date(tick).toISOString().replace(':00.000Z', 'Z'))
    from = tick
  }
  return found
}

describe('cron in UTC', () => {
  it.each([
    ['0 9 * * *', '2026-03-01T09:00:00Z', '2026-03-02T09:00Z'],
    ['0 9 * * *', '2026-03-01T08:59:59.999Z', '2026-03-01T09:00Z'],
    ['59 59 23 31 12 *', '2026-01-01T00:00:00Z', '2026-12-31T23:59:59.000Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00Z'],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00Z'],
    ['0 0 L * *', '2026-02-01T00:00:00Z', '2026-02-28T00:00Z'],
    ['0 0 13 * 5', '2026-02-01T00:00:00Z', '2026-02-06T00:00Z'], // day or weekday, as crontab(5) has it
    ['0 0 * * 5L', '2026-02-01T00:00:00Z', '2026-02-27T00:00Z'],
    ['0 0 * * 1#5', '2026-02-01T00:00:00Z', '2026-03-30T00:00Z'],
    ['0 0 * 2 1#5', '2026-01-01T00:00:00Z', '2044-02-29T00:00Z'],
    ['0 0 * * *', '1969-12-30T12:00:00Z', '1969-12-31T00:00Z'],
  ])('%s after %s', (pattern, after, expected) => {
    expect(next(pattern, 'UTC', after)).toEqual([expected])
  })

  it('ends where dates end', () => {
    expect(nextCronTick('0 0 * * *', 'UTC', 8_640_000_000_000_000)).toBeNull()
  })

  it('agrees with cron-parser on random patterns from random instants', () => {
    const part = (min: number, max: number): fc.Arbitrary<string> =>
      fc.oneof(
        { weight: 2, arbitrary: fc.constant('*') },
        fc.integer({ min, max }).map(String),
        fc
          .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
          .map((pair) => `${Math.min(...pair)}-${Math.max(...pair)}`),
        fc.integer({ min: 2, max: Math.max(2, Math.floor(max / 2)) }).map((step) => `*/${step}`),
        fc.uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
      )
    const pattern = fc
      .tuple(
        part(0, 59),
        part(0, 59),
        part(0, 23),
        fc.oneof(part(1, 28), fc.constant('L')),
        part(1, 12),
        fc.oneof(part(0, 6), fc.constantFrom('5L', '1#2', 'mon-fri')),
      )
      .map((fields) => fields.join(' '))
    fc.assert(
      fc.property(pattern, fc.integer({ min: 0, max: 4_000_000_000_000 }), (text, after) => {
        const expression = CronExpressionParser.parse(text, { tz: 'UTC', currentDate: new Date(after) })
        let from = after
        for (let index = 0; index < 3; index++) {
          const tick = nextCronTick(text, 'UTC', from)
          expect(tick).toBe(expression.next().getTime())
          from = tick as number
        }
      }),
      { numRuns: 300 },
    )
  })
})

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

  it('a fixed time inside a gap runs once that day, one outside runs at its time', () => {
    expect(next('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T07:30Z',
      '2026-03-09T06:30Z',
    ])
    expect(next('30 5 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T09:30Z',
      '2026-03-09T09:30Z',
    ])
  })

  it('goes on after a day of change whose ticks are over', () => {
    expect(next('0 12 * * *', 'America/New_York', '2026-03-08T16:00:00Z')).toEqual(['2026-03-09T16:00Z'])
    expect(next('0 12 8 3 *', 'America/New_York', '2026-03-08T16:00:00Z')).toEqual(['2027-03-08T17:00Z'])
  })

  it('a fixed time inside an overlap runs in its first pass only, wherever the question starts', () => {
    for (const after of ['2026-11-01T00:00:00Z', '2026-10-31T22:00:00Z', '2026-11-01T05:29:00Z']) {
      expect(next('30 1 * * *', 'America/New_York', after, 2)).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z'])
    }
    for (const after of ['2026-11-01T05:30:00Z', '2026-11-01T06:10:00Z', '2026-11-01T06:31:00Z']) {
      expect(next('30 1 * * *', 'America/New_York', after)).toEqual(['2026-11-02T06:30Z'])
    }
  })

  it('each hour of an overlap is seen by an hourly pattern', () => {
    expect(next('0 * * * *', 'America/New_York', '2026-11-01T04:30:00Z', 3)).toEqual([
      '2026-11-01T05:00Z',
      '2026-11-01T06:00Z',
      '2026-11-01T07:00Z',
    ])
  })

  it.each(['America/New_York', 'America/Havana', 'Africa/Casablanca', 'Asia/Gaza'])(
    'in %s ticks rise strictly all year, whatever instant the question starts from',
    (zone) => {
      for (const pattern of ['30 2 * * *', '15 0,1,23 * * *']) {
        let from = Date.UTC(2026, 0, 1)
        let count = 0
        while (from < Date.UTC(2027, 0, 1)) {
          const tick = nextCronTick(pattern, zone, from) as number
          expect(tick).toBeGreaterThan(from)
          expect(nextCronTick(pattern, zone, tick - 1)).toBe(tick)
          expect(nextCronTick(pattern, zone, Math.floor((from + tick) / 2))).toBe(tick)
          from = tick
          count++
        }
        expect(count).toBeGreaterThanOrEqual(365)
      }
    },
  )

  it('ticks rise strictly where the clock changes by half an hour', () => {
    let from = Date.UTC(2026, 3, 3) // cron-parser passes over some ticks here, but never goes back
    while (from < Date.UTC(2026, 3, 8)) {
      const tick = nextCronTick('*/10 0-3 * * *', 'Australia/Lord_Howe', from) as number
      expect(tick).toBeGreaterThan(from)
      from = tick
    }
  })

  it.each([
    ['0 0 * * 0,7', '2026-03-08T05:00Z'],
    ['0 0 * * 7#2', '2026-03-08T05:00Z'],
    ['0 0 L,8 * *', '2026-03-08T05:00Z'],
    ['0 3 * * 1,0L', '2026-03-09T07:00Z'],
    ['0 0 31 2 1', '2027-02-01T05:00Z'],
    ['@daily', '2026-03-08T05:00Z'],
  ])('asks cron-parser for %s on a day of change in words that it takes', (pattern, expected) => {
    expect(next(pattern, 'America/New_York', '2026-03-07T12:00:00Z')).toEqual([expected])
  })

  it('agrees with cron-parser on days without a change, from random instants', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('America/Sao_Paulo', 'Asia/Kathmandu', 'Europe/London', 'Pacific/Chatham', 'Asia/Tokyo'),
        fc.constantFrom('0 9 * * *', '*/7 * * * *', '0 0 1,15 * 3', '59 23 L * *', '5 4 3 2 *'),
        fc.integer({ min: Date.UTC(2020, 5, 1), max: Date.UTC(2020, 6, 15) }),
        (zone, pattern, after) => {
          const expression = CronExpressionParser.parse(pattern, { tz: zone, currentDate: new Date(after) })
          expect(nextCronTick(pattern, zone, after)).toBe(expression.next().getTime())
        },
      ),
      { numRuns: 200 },
    )
  })

  it('reads each of more patterns and days than it keeps', () => {
    for (let minute = 0; minute < 60; minute++) {
      for (let second = 0; second < 60; second += 1) {
        for (const hour of [3, 4]) {
          const tick = nextCronTick(`${second} ${minute} ${hour} * * *`, 'Asia/Tokyo', 0) as number
          expect((tick / 1_000) % 60).toBe(second)
        }
      }
    }
    expect(next('0 9 * * *', 'Asia/Tokyo', '2026-01-01T00:00:00Z')).toEqual(['2026-01-02T00:00Z'])
    let from = 0
    for (let month = 0; month < 5_000; month++) from = nextCronTick('0 0 1 * *', 'Asia/Tokyo', from) as number
    expect(new Date(from).toISOString()).toBe('2386-08-31T15:00:00.000Z')
  })
})

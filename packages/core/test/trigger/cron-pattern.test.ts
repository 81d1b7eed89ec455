import { InvalidOptionError } from '@escapement/base'
import { describe, expect, it } from 'vitest'
import { nextCronTick } from '../../src/trigger/next-cron-tick.ts'
import { parseCronPattern } from '../../src/trigger/cron-pattern.ts'

describe('reading a cron pattern', () => {
  it('takes five fields, six with seconds, names, ranges, steps, lists and nicknames', () => {
    expect(parseCronPattern('*/20 9-17/4 1,15 JAN-mar mon')).toMatchObject({
      seconds: [0],
      minutes: [0, 20, 40],
      hours: [9, 13, 17],
      days: { values: [1, 15], isAny: false },
      months: [1, 2, 3],
      weekdays: { values: [1], isAny: false },
    })
    expect(parseCronPattern('15,45 0 0 ? * 5-7')).toMatchObject({
      seconds: [15, 45],
      days: { isAny: true },
      weekdays: { values: [0, 5, 6] },
    })
    expect(parseCronPattern('0 0 L * *').days).toMatchObject({ values: [], isLast: true })
    expect(parseCronPattern('0 0 * * 5L,sunl').weekdays).toMatchObject({ values: [], lastOfMonth: [0, 5] })
    expect(parseCronPattern('0 0 * * fri#2').weekdays).toMatchObject({ values: [5], nth: 2 })
    expect(parseCronPattern('5/20 * * * *').minutes).toEqual([5, 25, 45])
    expect(parseCronPattern(' @Hourly ')).toEqual(parseCronPattern('0 0 * * * *'))
  })

  it.each([
    ['0 25 * * *', 'cron "0 25 * * *" has hour 25; hours are 0-23'],
    ['60 * * * *', 'cron "60 * * * *" has minute 60; minutes are 0-59'],
    ['99 * * * * *', 'cron "99 * * * * *" has second 99; seconds are 0-59'],
    ['0 0 0 * *', 'has day of the month 0; days of the month are 1-31'],
    ['0 0 * 13 *', 'has month 13; months are 1-12'],
    ['0 0 * * 8', 'has weekday 8; weekdays are 0-7'],
    ['0 0 * foo *', 'has month "foo"; months are 1-12, jan-dec, ranges, lists and steps of them'],
    ['x 0 * * *', 'has minute "x"; minutes are 0-59, ranges, lists and steps of them'],
    ['0 0 15W * *', 'has day of the month "15W"'],
    ['H * * * *', 'has minute "H"'],
    ['1-2-3 0 * * *', 'has minute "1-2-3"'],
    ['1/2/3 0 * * *', 'has minute "1/2/3"'],
    ['1,,2 0 * * *', 'has minute ""'],
    ['? 0 * * *', 'has minute "?"'],
    ['*/0 * * * *', 'has minute step /0; steps of minutes are 1-59'],
    ['* */24 * * *', 'has hour step /24; steps of hours are 1-23'],
    ['*/x * * * *', 'has minute step /x'],
    ['0 22-2 * * *', 'has hour range 22-2, which runs backwards; write it as a list'],
    ['0 0 * * sat-sun', 'has weekday range sat-sun, which runs backwards'],
    ['0 0 * * 1#6', 'has #6 in its weekdays; a weekday comes #1 to #5 in a month'],
    ['0 0 * * 1#1,3', 'has a list with # in its weekdays; give # a field of its own'],
    ['* * * *', 'has 4 fields; five are minute, hour, day of the month, month, weekday'],
    ['1 2 3 4 5 6 7', 'has 7 fields'],
    ['', 'has 0 fields'],
    ['@sometimes', 'is no known nickname; those are @yearly'],
    ['@constructor', 'is no known nickname'],
    ['9'.repeat(1_025), 'has 1025 characters; at most 1024 are read'],
    [null as never, 'cron pattern is of type object; give text'],
  ])('refuses %j, naming field, value and range', (pattern, message) => {
    expect(() => parseCronPattern(pattern)).toThrow(InvalidOptionError)
    expect(() => parseCronPattern(pattern)).toThrow(message)
  })

  it.each([
    ['0 0 30 2 *', 'day of the month 30 does not exist in its months, whose longest has 29 days'],
    ['0 0 31 4,6,9,11 *', 'day of the month 31 does not exist in its months, whose longest has 30 days'],
    ['0 0 30-31 feb ?', 'never fires'],
  ])('refuses %j, which never fires, within 1 ms', (pattern, message) => {
    expect(() => parseCronPattern(pattern)).toThrow(message)
    let fastestMs = Number.POSITIVE_INFINITY
    for (let round = 0; round < 20; round++) {
      const started = performance.now()
      expect(() => parseCronPattern(pattern)).toThrow(message)
      fastestMs = Math.min(fastestMs, performance.now() - started)
    }
    expect(fastestMs).toBeLessThan(1)
  })

  it.each(['0 0 29 2 *', '0 0 31 2 1', '0 0 L 2 *', '0 0 31 4,5 *', '0 0 * 2 1#5'])(
    'keeps %j, which fires at times',
    (pattern) => {
      expect(nextCronTick(pattern, 'UTC', 0)).toBeGreaterThan(0)
    },
  )

  it('reads hostile text of the longest allowed length in a few milliseconds', () => {
    for (const text of ['*/1,'.repeat(255), '1-'.repeat(500), `${'0,'.repeat(500)}x * * * *`, '#'.repeat(1_000)]) {
      const started = performance.now()
      expect(() => parseCronPattern(text)).toThrow(InvalidOptionError)
      expect(performance.now() - started).toBeLessThan(50)
    }
  })
})

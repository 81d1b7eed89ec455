import { InvalidOptionError } from '@escapement/base'
import { describe, expect, it } from 'vitest'
import { monthShape } from '../../src/cron/calendar/month.ts'
import { parseCronPattern } from '../../src/cron/pattern/parse-cron-pattern.ts'

/** The values of a field of sixty. */
function sixty(low: number, high: number): number[] {
  return Array.from({ length: 60 }, (_, value) => value).filter(
    (value) => ((value < 30 ? low >> value : high >> (value - 30)) & 1) === 1,
  )
}
const bits = (mask: number): number[] => Array.from({ length: 31 }, (_, bit) => bit).filter((bit) => (mask >> bit) & 1)
const minutes = (text: string): number[] => {
  const { minutesLow, minutesHigh } = parseCronPattern(text)
  return sixty(minutesLow, minutesHigh)
}
/** The dates of a month that the day fields of a pattern leave. */
function dates(text: string, month: string): number[] {
  const first = Date.parse(`${month}-01`)
  const length = new Date(Date.UTC(new Date(first).getUTCFullYear(), new Date(first).getUTCMonth() + 1, 0)).getUTCDate()
  const mask = parseCronPattern(`0 0 ${text}`).days[monthShape(first / 86_400_000, length)] as number
  return bits(mask).map((bit) => bit + 1)
}

describe('reading a cron pattern', () => {
  it('takes five fields, six with seconds, seven with years, names, ranges, steps, lists and nicknames', () => {
    expect(minutes('*/20 9-17/4 1,15 JAN-mar mon')).toEqual([0, 20, 40])
    expect(minutes('5/20 * * * *')).toEqual([5, 25, 45])
    expect(bits(parseCronPattern('*/20 9-17/4 1,15 JAN-mar mon').hours)).toEqual([9, 13, 17])
    expect(bits(parseCronPattern('*/20 9-17/4 1,15 JAN-mar mon').months)).toEqual([0, 1, 2])
    const { secondsLow, secondsHigh, years } = parseCronPattern('15,45 0 0 ? * 5-7 2027,2031-2035/2')
    expect(sixty(secondsLow, secondsHigh)).toEqual([15, 45])
    expect(years?.flatMap((word, index) => bits(word).map((bit) => 1970 + index * 30 + bit))).toEqual([
      2027, 2031, 2033, 2035,
    ])
    expect(parseCronPattern(' @Hourly ')).toEqual(parseCronPattern('0 0 * * * * *'))
  })

  it('ranges run on over the end, and their steps with them', () => {
    expect(bits(parseCronPattern('0 22-2 * * *').hours)).toEqual([0, 1, 2, 22, 23])
    expect(bits(parseCronPattern('0 21-3/2 * * *').hours)).toEqual([1, 3, 21, 23])
    expect(minutes('58-1 * * * *')).toEqual([0, 1, 58, 59])
    expect(bits(parseCronPattern('0 0 * nov-feb *').months)).toEqual([0, 1, 10, 11])
    expect(dates('* * fri-mon', '2027-02')).toEqual([1, 5, 6, 7, 8, 12, 13, 14, 15, 19, 20, 21, 22, 26, 27, 28])
    expect(dates('30-2 * *', '2027-01')).toEqual([1, 2, 30, 31])
  })

  it.each([
    ['L * *', [28]],
    ['L-3 * *', [25]],
    ['l,1 * *', [1, 28]],
    ['LW * *', [26]], // 28 February 2027 is a Sunday
    ['L-1w * *', [26]], // the 27th a Saturday
    ['15W * *', [15]],
    ['20W,21W * *', [19, 22]],
    ['29W * *', []],
    ['* * 5#2', [12]],
    ['* * 5#5', []],
    ['* * mon#1,fri#L', [1, 26]],
    ['* * 5L,sunl', [26, 28]],
    ['* * 7', [7, 14, 21, 28]],
    ['* * */7', [7, 14, 21, 28]],
    ['* * 3/3', [3, 6, 10, 13, 17, 20, 24, 27]],
    ['13 * 5', [5, 12, 13, 19, 26]],
    ['13 * +5', []],
    ['12 * +5', [12]],
    ['*/10 * 5', []], // a field that begins with * restricts nothing, as Vixie cron has it: both must fit
    ['1-31/10 * 5', [1, 5, 11, 12, 19, 21, 26]],
    ['? * 1', [1, 8, 15, 22]],
    ['1 * ?', [1]],
  ])('%s means these days of February 2027', (text, expected) => {
    expect(dates(text, '2027-02')).toEqual(expected)
  })

  it('W stays in its month', () => {
    expect(dates('1W * *', '2026-08')).toEqual([3]) // 1 August is a Saturday
    expect(dates('31W * *', '2026-05')).toEqual([29]) // 31 May is a Sunday
    expect(dates('31W * *', '2026-06')).toEqual([])
  })

  it('only a leading * in minute or hour makes a pattern follow the clock', () => {
    for (const text of ['* 2 * * *', '*/5 2 * * *', '0 * * * *', '0 */2 * * *', '*,5 1 * * *', '@hourly']) {
      expect([text, parseCronPattern(text).isWildcard]).toEqual([text, true])
    }
    for (const text of ['0 0 * * *', '0-59 0-23 * * *', '0/5 1 * * *', '* 0 0 * * *', '5,10 1 * * *', '@daily']) {
      expect([text, parseCronPattern(text).isWildcard]).toEqual([text, false])
    }
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
    ['0 0 0W * *', 'has day of the month 0; days of the month are 1-31'],
    ['0 0 1-15W * *', 'has day of the month "1-15W"; W follows one day, as in 15W, or L, as in LW'],
    ['0 0 W * *', 'has day of the month "W"; W follows one day'],
    ['0 0 L-31 * *', 'has day of the month "L-31"; L-0 to L-30 count back from the last day'],
    ['0 0 * * L', 'has weekday L, which no two crons read alike; write 6 or 5L'],
    ['0 0 +1 * 1', 'has day of the month "+1"'],
    ['0 0 1 * 1,+2', 'has weekday "+2"'],
    ['H * * * *', 'has minute H, which is drawn from the name of a job; here is none'],
    ['0 0 0 * * * H', 'has year "H"'],
    ['H(9-3) * * * *', 'has minute H(9-3), which runs backwards'],
    ['H(0-60) * * * *', 'has minute 60; minutes are 0-59'],
    ['1-2-3 0 * * *', 'has minute "1-2-3"'],
    ['1/2/3 0 * * *', 'has minute "1/2/3"'],
    ['1,,2 0 * * *', 'has minute ""'],
    ['? 0 * * *', 'has minute "?"'],
    ['*/0 * * * *', 'has minute step /0; steps of minutes are 1-59'],
    ['* */24 * * *', 'has hour step /24; steps of hours are 1-23'],
    ['*/x * * * *', 'has minute step /x'],
    ['0 0 * * 1#6', 'has #6 in its weekdays; a weekday comes #1 to #5 in a month, and last #L'],
    ['0 0 0 * * * 1969', 'has year 1969; years are 1970-2199'],
    ['0 0 0 * * * 2030-2027', 'has year range 2030-2027, which runs backwards'],
    ['* * * *', 'has 4 fields; five are minute, hour, day of the month, month, weekday'],
    ['1 2 3 4 5 6 7 8', 'has 8 fields'],
    ['', 'has 0 fields'],
    ['@sometimes', 'is no known nickname; those are @yearly'],
    ['@reboot', 'is not a time; enqueue the job where the host starts'],
    ['@constructor', 'is no known nickname'],
    ['9'.repeat(2_049), 'has 2049 characters; at most 2048 are read'],
    [null as never, 'cron pattern is of type object; give text'],
  ])('refuses %j, naming field, value and range', (pattern, message) => {
    expect(() => parseCronPattern(pattern)).toThrow(InvalidOptionError)
    expect(() => parseCronPattern(pattern)).toThrow(message)
  })

  it.each([
    ['0 0 30 2 *', 'day of the month 30 does not exist in its months, whose longest has 29 days'],
    ['0 0 31 4,6,9,11 *', 'day of the month 31 does not exist in its months, whose longest has 30 days'],
    ['0 0 30-31 feb ?', 'never fires'],
    ['0 0 L-30 2,4 *', 'no day of its months fits its day of the month and its weekday'],
    ['0 0 1-7 * +1#2', 'no day of its months fits'],
    ['0 0 31W 4 *', 'no day of its months fits'],
    ['0 0 0 29 2 * 2027,2029-2031,2100', 'no day of the months of its years fits'],
    ['0 0 0 29 2 +1 2025-2043', 'no day of the months of its years fits'],
    ['* * * 31 4,6,9,11 * 1970-2199', 'day of the month 31 does not exist'],
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

  it('reads hostile text of the longest allowed length in a few milliseconds', () => {
    for (const text of [
      '*/1,'.repeat(511),
      '1-'.repeat(1_000),
      `${'0,'.repeat(1_000)}x * * * *`,
      '#'.repeat(2_000),
      `0 0 * * ${'m'.repeat(2_000)}`,
      `0 0 * * ${'1#'.repeat(1_000)}`,
      `0 0 L${'-1'.repeat(1_000)} * *`,
      ' \t'.repeat(1_000),
    ]) {
      const started = performance.now()
      expect(() => parseCronPattern(text)).toThrow(InvalidOptionError)
      expect(performance.now() - started).toBeLessThan(50)
    }
  })
})

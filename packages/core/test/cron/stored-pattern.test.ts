import { expect, it } from 'vitest'
import { storedPattern } from '../../src/cron/pattern/stored-pattern.ts'

const stored = (pattern: string, job = 'keys.expire'): string => storedPattern(pattern, { job, isBothDays: false })

it('H draws the same value from the same name for ever', () => {
  // A value that moved with a release would run every such job twice on one day, or not at all.
  expect(stored('H H * * *')).toBe('27 23 * * *')
  expect(stored('H H H H H H')).toBe('9 27 23 15 5 4')
  expect(stored('H(0-29)/10 H(9-17) * * *')).toBe('4-29/10 17 * * *')
})

it('H stands alone, in a range, with a step and in a list, and never leaves its field', () => {
  const numbers = new Set<string>()
  for (let index = 0; index < 2_000; index++) {
    const [minute = '', hour = '', day = '', month = '', weekday = ''] = stored('H H H H H', `job-${index}`).split(' ')
    for (const [value, min, max] of [
      [minute, 0, 59],
      [hour, 0, 23],
      [day, 1, 28],
      [month, 1, 12],
      [weekday, 0, 6],
    ] as const) {
      expect(Number(value)).toBeGreaterThanOrEqual(min)
      expect(Number(value)).toBeLessThanOrEqual(max)
    }
    numbers.add(minute)
    expect(stored('H/15 * * * *', `job-${index}`)).toMatch(/^(\d|1[0-4])-59\/15 /)
    expect(stored('0 H(1-3)/9 * * *', `job-${index}`)).toMatch(/^0 [1-3] /)
    expect(stored('0,H(10-12),30-40 * * * *', `job-${index}`)).toMatch(/^0,1[0-2],30-40 /)
  }
  expect(numbers.size).toBe(60)
})

it('minute and hour are drawn apart, so that jobs do not line up', () => {
  const drawn = new Set(Array.from({ length: 1_000 }, (_, index) => stored('H H * * *', `job-${index}`)))
  expect(drawn.size).toBeGreaterThan(650) // of 1,440; all different would be chance as well
})

it('what has no H stays as it was written, and both days are asked for with +', () => {
  expect(stored('@daily')).toBe('@daily')
  expect(stored(' 0  9 1-5 jan\tMON ')).toBe('0 9 1-5 jan MON')
  expect(storedPattern('0 9 13 * fri', { job: 'a', isBothDays: true })).toBe('0 9 13 * +fri')
  expect(storedPattern('0 0 9 H * +fri 2030', { job: 'a', isBothDays: true })).toMatch(/^0 0 9 \d+ \* \+fri 2030$/)
})

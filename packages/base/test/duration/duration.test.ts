import { type Duration, durationMs, InvalidOptionError, LONGEST_DURATION_MS } from '@escapement/base'
import { describe, expect, it } from 'vitest'

describe('durationMs', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    [1.6, 2],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['5m', 300_000],
    ['90d', 7_776_000_000],
  ] as const)('reads %s as %d ms', (value, ms) => {
    expect(durationMs(value, 'timeout')).toBe(ms)
  })

  it.each([
    '',
    '5',
    '5 m',
    '-1s',
    '1e3s',
    '5w',
    's',
    `${'9'.repeat(40)}s`,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    {},
    5n,
  ])('refuses %s and names what it was for', (value) => {
    expect(() => durationMs(value as Duration, 'lease')).toThrow(InvalidOptionError)
    expect(() => durationMs(value as Duration, 'lease')).toThrow(/^lease is .*such as '30s'$/)
  })

  it('refuses what lies outside its bounds, both of which it accepts', () => {
    const bounds = { minMs: 5_000, maxMs: 60_000 }
    expect(durationMs('5s', 'lease', bounds)).toBe(5_000)
    expect(durationMs('1m', 'lease', bounds)).toBe(60_000)
    expect(() => durationMs('4999ms', 'lease', bounds)).toThrow(
      "lease is '4999ms'; it must lie between 5000 ms and 60000 ms",
    )
    expect(() => durationMs(60_001, 'lease', bounds)).toThrow('lease is 60001')
    expect(() => durationMs(-1, 'delay')).toThrow('between 0 ms')
    expect(() => durationMs(LONGEST_DURATION_MS + 1, 'delay')).toThrow('it must lie between')
  })
})

import { expect, it } from 'vitest'
import { instantMs, LAST_INSTANT_MS } from '../../src/trigger/instant.ts'

it.each([
  [new Date(5), 5],
  [1_000.4, 1_000],
  ['2030-01-31', Date.UTC(2030, 0, 31)],
  ['2030-01-31T09:00Z', Date.UTC(2030, 0, 31, 9)],
  ['2028-02-29T09:00:01.25+02:00', Date.UTC(2028, 1, 29, 7, 0, 1, 250)],
])('reads %j', (value, ms) => {
  expect(instantMs(value, 'from')).toBe(ms)
})

it.each([
  ['2030-01-31T09:00', `from is '2030-01-31T09:00'; an instant is`], // would be read in the host's zone
  ['2030-02-30', `from is '2030-02-30'`],
  ['2030-13-01', `from is '2030-13-01'`],
  ['2030-01-01T25:00Z', `from is '2030-01-01T25:00Z'`],
  ['tomorrow', `from is 'tomorrow'`],
  [new Date(Number.NaN), 'from is an invalid Date'],
  [Number.POSITIVE_INFINITY, 'from is Infinity'],
  [LAST_INSTANT_MS + 1, 'from is 8640000000000001'],
  [null as never, 'from is a value of type null'],
  [{} as never, 'from is a value of type object'],
])('refuses %j', (value, message) => {
  expect(() => instantMs(value, 'from')).toThrow(message)
})

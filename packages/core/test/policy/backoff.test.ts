import { expect, it } from 'vitest'
import { exponential, fixed } from '../../src/policy/backoff.ts'

it('fixed waits without jitter unless asked, exponential with full jitter', () => {
  expect(fixed('15s')).toEqual({ kind: 'fixed', delayMs: 15_000, jitter: 'none' })
  expect(fixed(5, { jitter: 'equal' })).toEqual({ kind: 'fixed', delayMs: 5, jitter: 'equal' })
  expect(exponential()).toEqual({ kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 300_000, jitter: 'full' })
  expect(exponential({ base: '10m' })).toMatchObject({ baseMs: 600_000, maxMs: 600_000 })
  expect(exponential({ base: 1, max: '1h', factor: 10, jitter: 'none' })).toEqual({
    kind: 'exponential',
    baseMs: 1,
    factor: 10,
    maxMs: 3_600_000,
    jitter: 'none',
  })
})

it.each([
  [() => fixed('-1s'), `fixed backoff is '-1s'`],
  [() => fixed(1, { jitter: 'some' as never }), 'backoff jitter is "some"; it is none, equal or full'],
  [() => exponential({ base: 'x' as never }), `exponential backoff base is 'x'`],
  [() => exponential({ max: '999999d' }), `exponential backoff max is '999999d'`],
  [
    () => exponential({ base: '2m', max: '1m' }),
    'exponential backoff max is 60000 ms, less than its base of 120000 ms',
  ],
  [() => exponential({ factor: 0.5 }), 'exponential backoff factor is 0.5; it must lie between 1 and 100'],
  [() => exponential({ factor: 101 }), 'factor is 101'],
  [() => exponential({ factor: Number.NaN }), 'factor is NaN'],
])('refuses bad values: %#', (make, message) => {
  expect(make).toThrow(message)
})

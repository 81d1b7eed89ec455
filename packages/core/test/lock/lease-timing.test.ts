import { assert, double, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import {
  answerLimitMs,
  nextRenewalAt,
  pollMs,
  renewalBackoffMs,
  requestBackoffMs,
  safetyMarginMs,
} from '../../src/lock/lease-timing.ts'

test.each([
  [100, 10],
  [200, 10],
  [5_000, 250],
  [30_000, 1_000],
  [86_400_000, 1_000],
])('a lease of %d ms is given up %d ms early', (ttlMs, marginMs) => {
  expect(safetyMarginMs(ttlMs)).toBe(marginMs)
})

test('a renewal has time for at least two more tries before the lease is given up', () => {
  assert(
    property(double({ min: 0, max: 1e9, noNaN: true }), integer({ min: 100, max: 86_400_000 }), (now, ttlMs) => {
      const afterMs = nextRenewalAt(now, ttlMs) - now
      expect(afterMs).toBeGreaterThanOrEqual(ttlMs / 4 - 0.001)
      expect(afterMs).toBeLessThanOrEqual(ttlMs / 3 + 0.001)
      expect(afterMs + 2 * answerLimitMs(ttlMs)).toBeLessThan(ttlMs - safetyMarginMs(ttlMs))
    }),
  )
})

test('leases of one ttl that were granted at different times fall due together', () => {
  const due = Array.from({ length: 100 }, (_, index) => nextRenewalAt(index * 20, 30_000))
  expect(new Set(due).size).toBe(1)
})

test.each([
  [0, 0, 12.5],
  [0, 0.99999, 37.5],
  [3, 0, 100],
  [20, 0, 500],
  [20, 0.99999, 1_500],
])('after %d failures and a draw of %d the server is asked again after %d ms', (failures, random, ms) => {
  expect(requestBackoffMs(failures, random)).toBeCloseTo(ms, 1)
})

test.each([
  [0, 250],
  [0.99999, 750],
])('a failed renewal of a lease of 10 s is tried again, for a draw of %d after %d ms', (random, ms) => {
  expect(renewalBackoffMs(10_000, random)).toBeCloseTo(ms, 0)
})

test.each([
  [null, 0, 7.5],
  [null, 0.99999, 12.5],
  [60_000, 0.5, 10],
  [3, 0.5, 4],
])('rule 23: a key held for %s ms more is asked for again, for a draw of %d, after %d ms', (heldForMs, random, ms) => {
  expect(pollMs(heldForMs, random)).toBeCloseTo(ms, 2)
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BackoffSpec } from '../../src/job/job-spec.ts'
import { type AttemptCase, type AttemptVerdict, afterAttempt, retryDelayMs } from '../../src/policy/retry.ts'

const NOW = 1_000_000
const backoff: BackoffSpec = { kind: 'fixed', delayMs: 60_000, jitter: 'none' }
const failed: AttemptCase = {
  retry: { limit: 3, backoff, until: 'exhausted' },
  retries: 0,
  outcome: 'failed',
  failure: { kind: 'retryable' },
  now: NOW,
  nextTickAt: null,
  random: () => 0,
}
const retried: AttemptVerdict = { status: 'scheduled', reason: null, dueAt: NOW + 60_000, spends: 'retry' }
const ended = (status: 'failed' | 'timed_out', reason: AttemptVerdict['reason']): AttemptVerdict => ({
  status,
  reason,
  dueAt: null,
  spends: 'nothing',
})
const untilNextTick = { limit: 3, backoff, until: 'next-tick' } as const

describe('what follows a failed attempt', () => {
  it.each<[string, Partial<AttemptCase>, AttemptVerdict]>([
    ['rule 14: a retry follows while some are left', {}, retried],
    [
      'rule 14: limit 3 means three retries: after the third another follows not',
      { retries: 3 },
      ended('failed', 'exhausted'),
    ],
    ['rule 14: the third retry is still made', { retries: 2 }, retried],
    [
      'rule 14: without retries a failure needs no further reason',
      { retry: { limit: 0, backoff, until: 'exhausted' } },
      ended('failed', null),
    ],
    ['rule 17: a timeout spends a retry', { outcome: 'timed_out' }, retried],
    [
      'rule 17: the execution is timed_out when its last attempt was',
      { outcome: 'timed_out', retries: 3 },
      ended('timed_out', 'exhausted'),
    ],
    ['a non-retryable error is not repeated', { failure: { kind: 'non-retryable' } }, ended('failed', 'non-retryable')],
    [
      'retry-after goes before the backoff',
      { failure: { kind: 'retry-after', delayMs: 5 } },
      { ...retried, dueAt: NOW + 5 },
    ],
    [
      'retry-after spends retries like any other failure',
      { failure: { kind: 'retry-after', delayMs: 5 }, retries: 3 },
      ended('failed', 'exhausted'),
    ],
    [
      'rule 12: next-tick gives up a retry that the next tick would overtake',
      { retry: untilNextTick, nextTickAt: NOW + 59_999 },
      ended('failed', 'superseded-by-tick'),
    ],
    [
      'rule 12: next-tick gives up a retry that falls due with the next tick',
      { retry: untilNextTick, nextTickAt: NOW + 60_000, outcome: 'timed_out' },
      ended('timed_out', 'superseded-by-tick'),
    ],
    [
      'rule 12: next-tick lets a retry be that comes before it',
      { retry: untilNextTick, nextTickAt: NOW + 60_001 },
      retried,
    ],
    ['rule 12: next-tick lets a retry be when no tick follows', { retry: untilNextTick }, retried],
    ['rule 12: without next-tick a retry may come after the next tick', { nextTickAt: NOW + 1 }, retried],
  ])('%s', (_title, given, verdict) => {
    expect(afterAttempt({ ...failed, ...given })).toEqual(verdict)
  })
})

describe('the wait before a retry', () => {
  const growing: BackoffSpec = { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 300_000, jitter: 'none' }

  it('grows by its factor up to its longest', () => {
    expect([1, 2, 3, 9, 10, 5_000].map((retry) => retryDelayMs(growing, retry, () => 0))).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ])
  })

  it('is nothing with a base of nothing, however often', () => {
    expect(retryDelayMs({ ...growing, baseMs: 0, factor: 100 }, 5_000, () => 0)).toBe(0)
  })

  it.each([
    ['none', 0.5, 1_000],
    ['equal', 0, 500],
    ['equal', 0.5, 750],
    ['equal', 0.999_999, 1_000],
    ['full', 0, 0],
    ['full', 0.25, 250],
    ['full', 0.999_999, 1_000],
  ] as const)('with jitter %s and chance %d is %d', (jitter, random, delayMs) => {
    expect(retryDelayMs({ kind: 'fixed', delayMs: 1_000, jitter }, 1, () => random)).toBe(delayMs)
  })

  it('never exceeds its bound, is never negative and always a whole number', () => {
    const jitter = fc.constantFrom('none', 'equal', 'full')
    const anyBackoff = fc
      .tuple(
        fc.nat({ max: 3_162_240_000_000 }),
        fc.nat({ max: 3_162_240_000_000 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        jitter,
      )
      .map(([one, other, factor, kind]) => ({
        kind: 'exponential' as const,
        baseMs: Math.min(one, other),
        maxMs: Math.max(one, other),
        factor,
        jitter: kind,
      }))
    fc.assert(
      fc.property(
        anyBackoff,
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (spec, retry, chance) => {
          const delayMs = retryDelayMs(spec, retry, () => chance)
          expect(Number.isSafeInteger(delayMs)).toBe(true)
          expect(delayMs).toBeGreaterThanOrEqual(0)
          expect(delayMs).toBeLessThanOrEqual(spec.maxMs)
        },
      ),
    )
  })
})

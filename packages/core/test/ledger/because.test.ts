import { describe, expect, test } from 'vitest'
import { becauseOfExecution, becauseOfForecast, becauseOfSpan, instantText } from '../../src/ledger/because.ts'
import type { Execution } from '../../src/store/execution.ts'
import type { SpanReason } from '../../src/store/span.ts'
import { LedgerBench, MINUTE, START } from './ledger-bench.ts'

const base: Execution = {
  id: 'e-1',
  job: 'reports.build',
  revision: 1,
  origin: 'tick',
  status: 'scheduled',
  reason: null,
  waitingFor: null,
  queue: 'default',
  priority: 0,
  scheduledFor: START,
  dueAt: START,
  createdAt: START,
  claimedAt: null,
  startedAt: null,
  finishedAt: null,
  instance: null,
  attempt: 0,
  retries: 0,
  interruptions: 0,
  fence: 1n,
  missed: null,
  input: null,
  output: null,
  error: null,
  progress: null,
  key: null,
  concurrencyKey: null,
  createdBy: null,
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  abandonedAt: null,
  replaces: null,
  replacedBy: null,
  traceparent: null,
}
const started = { startedAt: START + 1_000, instance: 'web-1', attempt: 1 }
const ended = { ...started, finishedAt: START + 2_500 }

describe('why an execution is as it is', () => {
  test.each<[Partial<Execution>, string]>([
    [{}, 'It is about to start, due at 2026-01-01 00:00:00 UTC.'],
    [{ waitingFor: 'time' }, 'It is planned and starts at 2026-01-01 00:00:00 UTC.'],
    [{ waitingFor: 'slot' }, 'It has been due since 2026-01-01 00:00:00 UTC and waits for a slot in queue "default".'],
    [
      { waitingFor: 'overlap' },
      'It has been due since 2026-01-01 00:00:00 UTC and waits for another execution of the job to end.',
    ],
    [{ waitingFor: 'retry', attempt: 2 }, 'Attempt 2 did not succeed; the next one is due at 2026-01-01 00:00:00 UTC.'],
    [{ waitingFor: 'pause' }, 'It has been due since 2026-01-01 00:00:00 UTC; its job or queue is paused.'],
    [
      { waitingFor: 'handler' },
      'It has been due since 2026-01-01 00:00:00 UTC; no live instance has a handler for the job.',
    ],
    [
      { status: 'running', ...started, attempt: 3, abandonedAt: START + 5_000 },
      'It started at 2026-01-01 00:00:01 UTC on web-1 with attempt 3 and has not ended yet. Its handler has ignored its signal since before 2026-01-01 00:00:05 UTC.',
    ],
    [
      { status: 'succeeded', ...ended, cancelRequestedAt: START + 2_000, cancelRequestedBy: 'user:ada' },
      'It started at 2026-01-01 00:00:01 UTC on web-1 and succeeded at 2026-01-01 00:00:02.500 UTC. user:ada asked to cancel it at 2026-01-01 00:00:02 UTC.',
    ],
    [
      { status: 'failed', reason: 'crashed', ...ended, attempt: 3 },
      'It failed at 2026-01-01 00:00:02.500 UTC with attempt 3, because its process died too often.',
    ],
    [
      { status: 'timed_out', reason: 'exhausted', ...ended },
      "It ran longer than the job's timeout and was given up at 2026-01-01 00:00:02.500 UTC after all retries.",
    ],
    [
      { status: 'cancelled', finishedAt: START, cancelRequestedAt: START },
      'It ended as cancelled at 2026-01-01 00:00:00 UTC. Someone asked to cancel it at 2026-01-01 00:00:00 UTC.',
    ],
    [
      { status: 'skipped', reason: 'expired' },
      'It was skipped at an unknown time, because it had waited for longer than startWithin.',
    ],
  ])('%o', (change, expected) => {
    expect(becauseOfExecution({ ...base, ...change }, undefined)).toBe(expected)
  })
})

test.each<SpanReason>([
  'paused',
  'misfire',
  'coalesced',
  'overlap',
  'expired',
  'no-handler',
  'unavailable',
  'succeeded',
  'failed',
  'timed_out',
  'cancelled',
])('a span of %s says so in a sentence, and how long it is', (reason) => {
  const span = { job: 'a', revision: 1, from: START, to: START + MINUTE, count: 2, reason }
  const pauses = [{ from: START, until: null, by: null, note: null }]
  const because = becauseOfSpan(span, START, pauses)
  expect(because).toMatch(/^[A-Z].+\. It is one of 2 such ticks from .+ to .+\.$/)
  expect(because.includes('The job is paused from')).toBe(reason === 'paused')
  expect(becauseOfSpan({ ...span, to: START, count: 1 }, START, [])).not.toContain('one of')
})

test('a forecast without a handler says so, also when nobody has noticed yet', async () => {
  const bench = new LedgerBench()
  await bench.register()
  const state = await bench.state()
  expect(becauseOfForecast(state, START, 'no-handler')).toBe(
    'No live instance has a handler for the job. When one returns, the misfire policy of the job decides.',
  )
})

test('an instant is shown to the second, or finer where it is', () => {
  expect(instantText(START)).toBe('2026-01-01 00:00:00 UTC')
  expect(instantText(START + 7)).toBe('2026-01-01 00:00:00.007 UTC')
})

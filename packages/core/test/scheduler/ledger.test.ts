import { defineJob, every, RetryAfterError, NonRetryableError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

test('promise 2: the ledger answers for every tick, past and coming', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'tick', trigger: every('1h'), run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(2 * HOUR)
  await cluster.run(scheduler.pause(job))
  await cluster.reach(4 * HOUR)
  await cluster.run(scheduler.resume(job))
  await cluster.reach(5 * HOUR)
  const ticks = await scheduler.ticks(job, { from: START, to: START + 7 * HOUR })
  expect(ticks.map(({ scheduledFor, verdict }) => [(scheduledFor - START) / HOUR, verdict])).toEqual([
    [1, 'succeeded'],
    [2, 'succeeded'],
    [3, 'paused'],
    [4, 'paused'],
    [5, 'succeeded'],
    [6, 'planned'],
    [7, 'planned'],
  ])
  for (const { because } of ticks) expect(because).not.toBe('')
})

test('retention of executions can be changed while everything runs, in effect at once', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'tick', trigger: every('1m'), run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(25 * MINUTE)
  expect(await scheduler.countExecutions({ jobs: ['tick'], statuses: ['succeeded'] })).toBe(25)
  await cluster.run(scheduler.setRetention('5m'))
  await cluster.runtime.advance('1s')
  expect(await scheduler.settings()).toEqual({ retentionMs: 300_000 })
  expect(await scheduler.countExecutions({ jobs: ['tick'], statuses: ['succeeded'] })).toBe(5)
})

test('RetryAfterError sets the delay, NonRetryableError ends the execution at once', async () => {
  await using cluster = new Cluster()
  const at: number[] = []
  const polite = defineJob({
    name: 'polite',
    retry: { limit: 1 },
    run: ({ attempt }) => {
      at.push(cluster.elapsed)
      if (attempt === 1) throw new RetryAfterError('90s', 'come back')
    },
  })
  const final = defineJob({
    name: 'final',
    retry: { limit: 5 },
    run: () => {
      throw new NonRetryableError('no use')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [polite, final] })
  const first = await cluster.run(scheduler.enqueue(polite))
  const second = await cluster.run(scheduler.enqueue(final))
  await cluster.run(scheduler.wait(first.id))
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(90 * SECOND)
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeLessThan(91 * SECOND)
  expect(await cluster.run(scheduler.wait(second.id))).toMatchObject({
    status: 'failed',
    reason: 'non-retryable',
    attempt: 1,
  })
})

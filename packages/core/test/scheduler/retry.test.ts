import { defineJob } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

test('rule 14: limit 3 means three retries, four attempts, each recorded', async () => {
  await using cluster = new Cluster()
  const at: number[] = []
  const failures: unknown[] = []
  const flaky = defineJob({
    name: 'flaky',
    retry: { limit: 3, backoff: { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'none' } },
    run: ({ attempt }) => {
      at.push(cluster.elapsed)
      throw new Error(`no ${attempt}`)
    },
    onFailed: (failure) => void failures.push(failure),
  })
  const { scheduler, events } = await cluster.start({ jobs: [flaky] })
  const { id } = await cluster.run(scheduler.enqueue(flaky))
  const settled = await cluster.run(scheduler.wait(id))
  expect(settled).toMatchObject({
    status: 'failed',
    reason: 'exhausted',
    attempt: 4,
    retries: 3,
    error: { message: 'no 4' },
  })
  expect(at.map((each, index) => each - (at[index - 1] ?? each))).toEqual([0, 1_000, 2_000, 4_000])
  const found = await scheduler.execution(id)
  expect(found?.attempts.map(({ number, outcome, error }) => [number, outcome, error?.message])).toEqual([
    [1, 'failed', 'no 1'],
    [2, 'failed', 'no 2'],
    [3, 'failed', 'no 3'],
    [4, 'failed', 'no 4'],
  ])
  expect(failures).toMatchObject([{ attempts: 4, job: 'flaky', executionId: id, error: { message: 'no 4' } }])
  expect(events.filter(({ type }) => type === 'execution:retrying')).toHaveLength(3)
  expect(events.filter(({ type }) => type === 'execution:failed')).toHaveLength(1)
})

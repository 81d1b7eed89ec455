import { defineJob, every, RetryAfterError, NonRetryableError, UnsupportedError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

test('rule 3: a retry by hand is a new execution; retrying again retries the end of the chain', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({
    name: 'hourly',
    trigger: every('1h'),
    run: () => {
      runs++
      if (runs < 3) throw new Error(`no ${runs}`)
      return 'at last'
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(HOUR)
  const [tick] = await scheduler.ticks(job, { from: START + HOUR, to: START + HOUR })
  const original = tick?.executionId ?? ''
  expect(tick).toMatchObject({ verdict: 'failed', replacedBy: null })

  const second = await cluster.run(scheduler.retry(original, { by: 'user:ada' }))
  expect(second.existing).toBe(false)
  expect(await cluster.run(scheduler.wait(second.id))).toMatchObject({ status: 'failed', scheduledFor: START + HOUR })
  const third = await cluster.run(scheduler.retry(original))
  expect(await cluster.run(scheduler.wait(third.id))).toMatchObject({ status: 'succeeded', replaces: second.id })

  expect((await scheduler.execution(original))?.execution).toMatchObject({ status: 'failed', replacedBy: second.id })
  expect((await scheduler.execution(second.id))?.execution).toMatchObject({ status: 'failed', createdBy: 'user:ada' })
  const [after] = await scheduler.ticks(job, { from: START + HOUR, to: START + HOUR })
  expect(after).toMatchObject({ verdict: 'failed', executionId: original, replacedBy: third.id })
})

test('rule 3: one replacement per execution, however often it is asked for; none before it has ended', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'slow', run: () => cluster.runtime.sleep(MINUTE) })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.turn()
  await expect(scheduler.retry(id)).rejects.toThrow(UnsupportedError)
  await cluster.reach(2 * MINUTE)
  const answers = await Promise.all([scheduler.retry(id), scheduler.retry(id)]).catch(() => [])
  expect(new Set(answers.map((answer) => answer.id)).size).toBeLessThanOrEqual(1)
  expect(await cluster.store.countExecutions('default', { jobs: ['slow'] }, 10)).toBe(2)
})

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

test('rule 4: history none folds what has run into spans, failures included, and the ledger still answers', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({
    name: 'tick',
    trigger: every('1m'),
    history: 'none',
    run: () => {
      if (++runs === 4) throw new Error('once')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(6.5 * MINUTE)
  const ticks = await scheduler.ticks(job, { from: START + MINUTE, to: START + 6 * MINUTE })
  expect(ticks.map(({ verdict, executionId }) => [verdict, executionId])).toEqual([
    ['succeeded', null],
    ['succeeded', null],
    ['succeeded', null],
    ['failed', null],
    ['succeeded', null],
    ['succeeded', null],
  ])
  expect(await scheduler.countExecutions({ jobs: ['tick'], statuses: ['succeeded', 'failed'] })).toBe(0)
  expect(await scheduler.stats({ job: 'tick', from: START, to: START + HOUR })).toMatchObject({
    succeeded: 5,
    failed: 1,
  })
})

test('rule 4: history failures keeps failed rows; { keep: n } keeps the latest n', async () => {
  await using cluster = new Cluster()
  const runs = { failures: 0, keep: 0 }
  const failing = defineJob({
    name: 'failing',
    trigger: every('1m'),
    history: 'failures',
    run: () => {
      if (++runs.failures % 3 === 0) throw new Error('third')
    },
  })
  const kept = defineJob({ name: 'kept', trigger: every('1m'), history: { keep: 2 }, run: () => void runs.keep++ })
  const { scheduler } = await cluster.start({ jobs: [failing, kept] })
  await cluster.reach(7.5 * MINUTE)
  const rows = async (job: string): Promise<number[]> => {
    const statuses = ['succeeded', 'failed'] as const
    const { items } = await scheduler.executions({ jobs: [job], statuses }, { order: 'oldest' })
    return items.map(({ scheduledFor }) => (scheduledFor - START) / MINUTE)
  }
  expect(await rows('failing')).toEqual([3, 6])
  expect(await rows('kept')).toEqual([6, 7])
  expect(runs).toEqual({ failures: 7, keep: 7 })
})

test('rule 21: statistics count every verdict once, with durations and lateness at most 5 % off', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({
    name: 'measured',
    trigger: every('1m'),
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' } },
    run: async ({ attempt }) => {
      if (attempt === 1) runs++
      await cluster.runtime.sleep(2_000)
      if (runs === 3) throw new NonRetryableError('broken')
      if (runs === 5 && attempt === 1) throw new Error('once more')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(10.5 * MINUTE)
  const stats = await scheduler.stats({ job: 'measured', from: START, to: START + HOUR })
  expect(stats).toMatchObject({ succeeded: 9, failed: 1, timedOut: 0, cancelled: 0, retries: 1, interruptions: 0 })
  expect(stats.successRate).toBeCloseTo(0.9)
  expect(stats.duration.p50).toBeGreaterThan(1_900)
  expect(stats.duration.p50).toBeLessThan(2_100)
  expect(stats.duration.mean).toBeCloseTo(2_000, -1)
  expect(await scheduler.stats({ job: 'measured', from: START + 20 * MINUTE, to: START + HOUR })).toMatchObject({
    succeeded: 0,
    successRate: null,
  })
})

test('rule 21: purging executions leaves their statistics', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'tick', trigger: every('1m'), run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job], retention: '5m' })
  await cluster.reach(30 * MINUTE)
  expect(await scheduler.countExecutions({ jobs: ['tick'], statuses: ['succeeded'] })).toBeLessThan(20)
  expect(await scheduler.stats({ job: 'tick', from: START, to: START + HOUR })).toMatchObject({ succeeded: 30 })
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

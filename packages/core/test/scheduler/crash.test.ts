import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('rule 14: work of a killed instance runs again elsewhere within its lease and 5 s, and only after its lease', async () => {
  await using cluster = new Cluster()
  const starts: [machine: string, at: number, attempt: number][] = []
  const jobOn = (machine: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'long',
      run: async ({ attempt }) => {
        starts.push([machine, cluster.elapsed, attempt])
        await cluster.runtime.sleep(5 * MINUTE)
      },
    })
  const first = await cluster.start({ jobs: [jobOn('first')] })
  const { id } = await cluster.run(first.scheduler.enqueue('long'))
  await cluster.turn()
  const second = await cluster.start({ jobs: [jobOn('second')] })
  await cluster.reach(45 * SECOND)
  first.machine.kill() // its last heartbeat was at 40 s
  await cluster.reach(3 * MINUTE)
  expect(starts).toHaveLength(2)
  const [, again] = starts
  expect(again?.[0]).toBe('second')
  expect(again?.[1]).toBeGreaterThanOrEqual(70 * SECOND)
  expect(again?.[1]).toBeLessThanOrEqual(75 * SECOND)
  expect(again?.[2]).toBe(2)
  const found = await second.scheduler.execution(id)
  expect(found?.execution).toMatchObject({ status: 'running', attempt: 2, retries: 0, interruptions: 1 })
  expect(found?.attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', null])
  expect(second.events.find(({ type }) => type === 'execution:recovered')).toMatchObject({ executionId: id })
})

test('rule 14: an execution that kills its process three times has failed as crashed', async () => {
  await using cluster = new Cluster()
  let starts = 0
  const victims: (() => void)[] = []
  const bomb = defineJob({
    name: 'bomb',
    retry: { limit: 10 },
    run: async () => {
      starts++
      victims.shift()?.()
      await new Promise(() => undefined)
    },
  })
  const observer = await cluster.start({ jobs: [defineJob({ name: 'other', run: () => undefined })] })
  const enqueuer = cluster.add({ jobs: [bomb] })
  const { id } = await cluster.run(enqueuer.scheduler.enqueue(bomb))
  for (let round = 0; round < 5; round++) {
    const member = await cluster.start({ jobs: [bomb], lease: '5s' })
    victims.push(() => member.machine.kill())
    await cluster.runtime.advance('20s')
    member.machine.kill()
  }
  expect(starts).toBe(3)
  const found = await observer.scheduler.execution(id)
  expect(found?.execution).toMatchObject({
    status: 'failed',
    reason: 'crashed',
    interruptions: 3,
    retries: 0,
    attempt: 3,
  })
  expect(found?.attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'interrupted', 'interrupted'])
})

test('rule 14: onInterrupt fail makes a job at most once: its execution has failed when its process dies', async () => {
  await using cluster = new Cluster()
  let starts = 0
  const once = defineJob({
    name: 'once',
    onInterrupt: 'fail',
    retry: { limit: 5 },
    run: async () => {
      starts++
      await new Promise(() => undefined)
    },
  })
  const first = await cluster.start({ jobs: [once] })
  const { id } = await cluster.run(first.scheduler.enqueue(once))
  await cluster.turn()
  const second = await cluster.start({ jobs: [once] })
  await cluster.runtime.advance('1s')
  first.machine.kill()
  await cluster.runtime.advance('2m')
  expect(starts).toBe(1)
  expect((await second.scheduler.execution(id))?.execution).toMatchObject({ status: 'failed', reason: 'interrupted' })
})

test('rule 14: what was interrupted once, or runs at most once, is never taken ahead', async () => {
  await using cluster = new Cluster()
  const fast = defineJob({ name: 'fast', overlap: 'allow', run: () => cluster.runtime.sleep(1) })
  const careful = defineJob({
    name: 'careful',
    overlap: 'allow',
    onInterrupt: 'fail',
    run: () => cluster.runtime.sleep(SECOND),
  })
  const { scheduler } = await cluster.start({ jobs: [fast, careful], concurrency: 2 })
  await cluster.run(scheduler.enqueueMany(fast, Array(50).fill(undefined)))
  await cluster.runtime.advance('1s') // short handlers: from now on work is taken ahead
  await cluster.run(scheduler.enqueueMany(careful, Array(10).fill(undefined)))
  await cluster.runtime.advance('100ms')
  const { items } = await scheduler.executions({ jobs: ['careful'] })
  expect(items.filter(({ claimedAt }) => claimedAt !== null)).toHaveLength(2)
  expect(items.filter(({ status }) => status === 'running')).toHaveLength(2)
})

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

test('rule 12: retry until next-tick gives up a pending retry when the next tick falls due', async () => {
  await using cluster = new Cluster()
  const runs: [tick: number, attempt: number][] = []
  const job = defineJob({
    name: 'hourly',
    trigger: every('1h'),
    retry: { limit: 100, until: 'next-tick', backoff: { kind: 'fixed', delayMs: 25 * MINUTE, jitter: 'none' } },
    run: ({ scheduledFor, attempt }) => {
      runs.push([(scheduledFor / MINUTE) % 1_440, attempt])
      throw new Error('never')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(3 * 60 * MINUTE)
  expect(runs).toEqual([
    [60, 1],
    [60, 2],
    [60, 3],
    [120, 1],
    [120, 2],
    [120, 3],
    [180, 1],
  ])
  const { items } = await scheduler.executions({ jobs: ['hourly'], statuses: ['failed'] }, { order: 'oldest' })
  expect(items.map(({ reason }) => reason)).toEqual(['superseded-by-tick', 'superseded-by-tick'])
})

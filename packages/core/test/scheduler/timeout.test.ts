import { AttemptTimeoutError, defineJob, type JobOptions } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

type Options = Partial<JobOptions<undefined, unknown>>

/** A handler that ignores its signal for so long. */
const deaf = (cluster: Cluster, ms: number, options: Options = {}): ReturnType<typeof defineJob> =>
  defineJob({ name: 'deaf', timeout: '1m', grace: '10s', ...options, run: () => cluster.runtime.sleep(ms) })

test('rule 17: a timeout aborts the signal, spends a retry, and the execution is timed_out when its last attempt was', async () => {
  await using cluster = new Cluster()
  const reasons: unknown[] = []
  const job = defineJob({
    name: 'slow',
    timeout: '1m',
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 5_000, jitter: 'none' } },
    run: async ({ signal }) => {
      await cluster.runtime.sleep(MINUTE * 30, signal).catch((error: unknown) => {
        reasons.push(error)
        throw error
      })
    },
  })
  const { scheduler, events } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  const settled = await cluster.run(scheduler.wait(id))
  expect(settled).toMatchObject({ status: 'timed_out', reason: 'exhausted', attempt: 2, retries: 1 })
  expect(settled.error).toMatchObject({ name: 'AttemptTimeoutError' })
  expect(settled.error?.message).toContain('60000 ms')
  expect(reasons).toHaveLength(2)
  expect(reasons[0]).toBeInstanceOf(AttemptTimeoutError)
  expect((await scheduler.execution(id))?.attempts.map(({ outcome }) => outcome)).toEqual(['timed_out', 'timed_out'])
  expect(events.filter(({ type }) => type === 'execution:slow')).toHaveLength(2)
  expect(events.filter(({ type }) => type === 'execution:timed-out')).toHaveLength(1)
})

test('rule 17: a handler that ignores its signal for all of its grace is abandoned: timed out at once, its execution open', async () => {
  await using cluster = new Cluster()
  const job = deaf(cluster, 5 * MINUTE)
  const { scheduler, events } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(69 * SECOND)
  expect(events.filter(({ type }) => type === 'execution:abandoned')).toEqual([])
  await cluster.reach(71 * SECOND)
  expect(events.filter(({ type }) => type === 'execution:abandoned')).toHaveLength(1)
  const found = await scheduler.execution(id)
  expect(found?.execution.status).toBe('running')
  expect(found?.execution.abandonedAt).not.toBeNull()
  expect(found?.attempts.map(({ outcome }) => outcome)).toEqual(['timed_out'])
  expect((await scheduler.health()).findings.map(({ code }) => code)).toEqual(['abandoned'])

  await cluster.reach(6 * MINUTE)
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'timed_out', reason: null })
  expect((await scheduler.execution(id))?.attempts).toHaveLength(1)
})

test('rule 17: after abandonAfter an execution is open no longer, although its handler never came back', async () => {
  await using cluster = new Cluster()
  const job = deaf(cluster, 100 * MINUTE, { abandonAfter: '2m' })
  const { scheduler, events } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(MINUTE + 10 * SECOND + 2 * MINUTE - SECOND)
  expect((await scheduler.execution(id))?.execution.status).toBe('running')
  await cluster.reach(MINUTE + 10 * SECOND + 2 * MINUTE + SECOND)
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'timed_out', reason: 'abandoned' })
  await cluster.reach(110 * MINUTE) // the handler comes back at last
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'timed_out', reason: 'abandoned' })
  expect(events.filter(({ type }) => type === 'execution:timed-out')).toHaveLength(1)
  expect((await scheduler.health()).findings).toEqual([])
})

test('rule 17: an abandoned attempt with retries left runs again once its handler has come back', async () => {
  await using cluster = new Cluster()
  const starts: number[] = []
  const job = defineJob({
    name: 'twice',
    timeout: '1m',
    grace: '10s',
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' } },
    run: async ({ attempt }) => {
      starts.push(cluster.elapsed)
      if (attempt === 1) await cluster.runtime.sleep(3 * MINUTE)
      return 'second'
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  const settled = await cluster.run(scheduler.wait(id))
  expect(settled).toMatchObject({ status: 'succeeded', output: '"second"', attempt: 2, retries: 1 })
  expect(starts[1]).toBeGreaterThanOrEqual(3 * MINUTE)
  expect((await scheduler.execution(id))?.attempts.map(({ outcome }) => outcome)).toEqual(['timed_out', 'succeeded'])
})

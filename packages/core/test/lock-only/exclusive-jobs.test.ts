import { defineJob, every, NonRetryableError } from '@escapement/core'
import { expect, test } from 'vitest'
import { LockOnlyStage, type MakeJobs, MINUTE, SECOND, START } from './lock-only-stage.ts'

/** A job each second that takes 2.5 s. */
const slow: MakeJobs = ({ node, ran }) => [
  defineJob({
    name: 'slow',
    trigger: every('1s'),
    run: async (context) => {
      ran(context)
      await node.sleep(2_500)
    },
  }),
]

/** A job that only runs when it is asked for, and takes 2.5 s. */
const asked: MakeJobs = ({ node, ran }) => [
  defineJob({
    name: 'asked',
    run: async (context) => {
      ran(context)
      await node.sleep(2_500)
    },
  }),
]

test('rule 25: with overlap skip no two instances run a job at once, and its fences rise', async () => {
  await using stage = new LockOnlyStage()
  const instances = [await stage.start(slow), await stage.start(slow), await stage.start(slow)]
  await stage.reach(MINUTE)
  const runs = instances.flatMap(({ runs: own }) => own).toSorted((a, b) => a.startedAt - b.startedAt)
  expect(runs.length).toBeGreaterThanOrEqual(19)
  for (const [index, run] of runs.slice(1).entries()) {
    const before = runs[index]
    expect(run.startedAt - (before?.startedAt ?? 0)).toBeGreaterThanOrEqual(2_500)
    expect(run.fence).toBeGreaterThan(before?.fence ?? 0n)
  }
  const ledgers = await Promise.all(
    instances.map(({ scheduler }) => scheduler.ticks('slow', { from: START + 1, to: START + 50 * SECOND })),
  )
  const verdicts = new Set(ledgers.flat().map(({ verdict }) => verdict))
  expect(verdicts).toEqual(new Set(['succeeded', 'overlap', 'elsewhere']))
})

test('rule 25: a run that is asked for waits while the job runs elsewhere, or is skipped if it would not wait', async () => {
  await using stage = new LockOnlyStage()
  const [first, other, third] = [await stage.start(asked), await stage.start(asked), await stage.start(asked)]
  await stage.runtime.runUntil(first.scheduler.enqueue('asked'))
  await stage.reach(SECOND)
  const waits = await stage.runtime.runUntil(other.scheduler.enqueue('asked'))
  const skips = await stage.runtime.runUntil(third.scheduler.enqueue('asked', undefined, { ifOpen: 'skip' }))
  await stage.reach(10 * SECOND)
  expect((await other.scheduler.execution(waits.id))?.execution).toMatchObject({ status: 'succeeded', attempt: 1 })
  expect((await third.scheduler.execution(skips.id))?.execution).toMatchObject({ status: 'skipped', reason: 'open' })
  expect(first.runs).toHaveLength(1)
  expect(other.runs).toHaveLength(1)
  const gapMs = (other.runs[0]?.startedAt ?? 0) - (first.runs[0]?.startedAt ?? 0)
  expect(gapMs).toBeGreaterThanOrEqual(2_500)
  expect(gapMs).toBeLessThan(2_800)
})

test('rule 25: a retry stays on its instance, which keeps the job until then, and has a greater fence', async () => {
  await using stage = new LockOnlyStage()
  const failing: MakeJobs = ({ ran }) => [
    defineJob({
      name: 'failing',
      trigger: every('10s'),
      retry: { limit: 2, backoff: { kind: 'fixed', delayMs: 12_000, jitter: 'none' } },
      run: (context) => {
        ran(context)
        throw new Error('not yet')
      },
    }),
  ]
  const instances = [await stage.start(failing), await stage.start(failing)]
  await stage.reach(39 * SECOND)
  const [runs = [], others = []] = instances.map(({ runs: own }) => own).toSorted((a, b) => b.length - a.length)
  expect(others).toEqual([])
  expect(runs.map(({ attempt, startedAt }) => [attempt, Math.floor((startedAt - START) / SECOND)])).toEqual([
    [1, 10],
    [2, 22],
    [3, 34],
  ])
  const fences = runs.map(({ fence }) => fence)
  expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => Number(a - b)))
  await stage.reach(41 * SECOND)
  expect([...stage.runsByTick('failing').keys()]).toContain(40 * SECOND)
})

test('rule 25: a handler whose job lease is lost hears it before another instance can have the job', async () => {
  await using stage = new LockOnlyStage()
  const story: { readonly at: number; readonly what: string }[] = []
  const tell = (what: string): void => void story.push({ at: stage.runtime.now() - START, what })
  const hanging: MakeJobs = ({ node, ran }) => [
    defineJob({
      name: 'hanging',
      onInterrupt: 'fail',
      run: async (context) => {
        ran(context)
        const { signal, remainingMs } = context
        signal.addEventListener('abort', () =>
          tell(`aborted: ${(signal.reason as Error).name}, ${remainingMs()} ms left`),
        )
        await node.sleep(5 * MINUTE, signal)
      },
    }),
  ]
  const first = await stage.start(hanging)
  const other = await stage.start(hanging)
  const { id } = await stage.runtime.runUntil(first.scheduler.enqueue('hanging'))
  await stage.reach(20 * SECOND)
  await stage.runtime.runUntil(other.scheduler.enqueue('hanging'))
  first.driver.fail('renewMany', { kind: 'hanging-request' }, 1_000)
  await stage.reach(2 * MINUTE)
  expect(story[0]?.what).toBe('aborted: LeaseLostError, 0 ms left')
  expect(other.runs).toHaveLength(1)
  expect((other.runs[0]?.startedAt ?? 0) - START).toBeGreaterThan(story[0]?.at ?? Number.POSITIVE_INFINITY)
  expect(other.runs[0]?.fence).toBeGreaterThan(first.runs[0]?.fence ?? 0n)
  const { execution } = (await first.scheduler.execution(id)) ?? {}
  expect(execution).toMatchObject({ status: 'failed', reason: 'interrupted' })
})

test('rule 25: a job whose instance died runs elsewhere once its lease is over', async () => {
  await using stage = new LockOnlyStage()
  const first = await stage.start(slow, { lease: '10s' })
  await stage.reach(1.5 * SECOND)
  first.kill()
  const other = await stage.start(slow, { lease: '10s' })
  await stage.reach(20 * SECOND)
  const startedAt = (other.runs[0]?.startedAt ?? 0) - START
  expect(startedAt).toBeGreaterThanOrEqual(11 * SECOND)
  expect(startedAt).toBeLessThanOrEqual(12.1 * SECOND)
})

test('rule 25: an instance that stops, and a cancelled retry, give the job back at once', async () => {
  await using stage = new LockOnlyStage()
  const failing: MakeJobs = ({ ran }) => [
    defineJob({
      name: 'failing',
      retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 3_600_000, jitter: 'none' } },
      run: (context) => {
        ran(context)
        throw new Error('not yet')
      },
    }),
  ]
  const first = await stage.start(failing)
  const other = await stage.start(failing)
  const { id } = await stage.runtime.runUntil(first.scheduler.enqueue('failing'))
  await stage.reach(SECOND)
  await stage.runtime.runUntil(other.scheduler.enqueue('failing'))
  await stage.reach(2 * SECOND)
  expect(other.runs).toEqual([])
  expect(await first.scheduler.cancel(id)).toBe('cancelled')
  await stage.reach(3 * SECOND)
  expect(other.runs).toHaveLength(1)
  await stage.runtime.runUntil(other.scheduler.stop())
  expect(await stage.runtime.runUntil(first.mutex.tryAcquire('default/job/failing'))).not.toBeNull()
})

test('rule 25: what has ended holds no job, however it ended', async () => {
  await using stage = new LockOnlyStage()
  const ends: MakeJobs = ({ node, ran }) => [
    defineJob({ name: 'final', run: () => Promise.reject(new NonRetryableError('no')) }),
    defineJob({ name: 'unkept', history: 'none', run: ran }),
    defineJob({
      name: 'abandoned',
      timeout: '1s',
      grace: '1s',
      abandonAfter: '1m',
      retry: { limit: 0 },
      run: () => node.sleep(3_600_000),
    }),
  ]
  const { scheduler, mutex } = await stage.start(ends)
  for (const name of ['final', 'unkept', 'abandoned']) await stage.runtime.runUntil(scheduler.enqueue(name))
  await stage.reach(30 * SECOND)
  expect(await stage.runtime.runUntil(mutex.tryAcquire('default/job/abandoned'))).toBeNull()
  await stage.reach(2 * MINUTE)
  for (const name of ['final', 'unkept', 'abandoned']) {
    expect(await stage.runtime.runUntil(mutex.tryAcquire(`default/job/${name}`))).toMatchObject({
      key: `default/job/${name}`,
    })
  }
})

import { CancelledError, defineJob, StoppingError, UnknownExecutionError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('rule 18: a handler on this instance hears of its cancellation at once; it throws and is cancelled', async () => {
  await using cluster = new Cluster()
  const heard: [at: number, reason: unknown][] = []
  const job = defineJob({
    name: 'long',
    retry: { limit: 3 },
    run: async ({ signal }) => {
      signal.addEventListener('abort', () => heard.push([cluster.elapsed, signal.reason]))
      await cluster.runtime.sleep(MINUTE, signal)
    },
  })
  const { scheduler, events } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(5 * SECOND)
  const asked = cluster.elapsed
  expect(await scheduler.cancel(id, { by: 'user:ada' })).toBe('requested')
  await cluster.turn()
  expect(heard).toMatchObject([[asked, { message: `execution ${id} was cancelled by user:ada` }]])
  expect(heard[0]?.[1]).toBeInstanceOf(CancelledError)
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'cancelled', retries: 0 })
  expect(events.filter(({ type }) => type === 'execution:cancelled')).toHaveLength(1)
  expect(events.filter(({ type }) => type === 'execution:failed')).toEqual([])
})

test('rule 18: a pending cancellation turns a retry into the end', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({
    name: 'failing',
    retry: { limit: 5, backoff: { kind: 'fixed', delayMs: 30_000, jitter: 'none' } },
    run: () => {
      runs++
      throw new Error('no')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(5 * SECOND)
  expect(await scheduler.cancel(id)).toBe('cancelled')
  await cluster.reach(5 * MINUTE)
  expect(runs).toBe(1)
  expect((await scheduler.execution(id))?.execution.status).toBe('cancelled')
})

test('rule 18: an execution that nobody knows cannot be cancelled, and the error says why', async () => {
  await using cluster = new Cluster()
  const { scheduler } = await cluster.start({ jobs: [] })
  await expect(scheduler.cancel('nothing')).rejects.toThrow(UnknownExecutionError)
  await expect(scheduler.cancel('nothing')).rejects.toThrow(/no execution has the id "nothing"/)
})

test('rule 18: stop lets handlers end within the grace period, and takes nothing new', async () => {
  await using cluster = new Cluster()
  const ended: string[] = []
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: async ({ input }) => {
      await cluster.runtime.sleep(10 * SECOND)
      ended.push(String(input))
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.run(scheduler.enqueue(job, 'before'))
  await cluster.turn()
  const stopping = scheduler.stop({ grace: '30s' })
  await cluster.turn()
  await cluster.run(scheduler.enqueue(job, 'after'))
  await cluster.run(stopping)
  expect(cluster.elapsed).toBeLessThan(11 * SECOND)
  await cluster.reach(MINUTE)
  expect(ended).toEqual(['before'])
})

test('promise 5: stop hands back at once, without spending a retry, what has ended after its abort', async () => {
  await using cluster = new Cluster()
  const story: string[] = []
  const reasons: unknown[] = []
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'long',
      run: async ({ signal, attempt }) => {
        story.push(`${name} ${attempt}`)
        signal.addEventListener('abort', () => reasons.push(signal.reason))
        await cluster.runtime.sleep(MINUTE, signal)
        return name
      },
    })
  const first = await cluster.start({ jobs: [job('first')] })
  const { id } = await cluster.run(first.scheduler.enqueue('long'))
  await cluster.turn()
  const second = await cluster.start({ jobs: [job('second')] })
  const asked = cluster.elapsed
  await cluster.run(first.scheduler.stop({ grace: '5s' }))
  expect(cluster.elapsed - asked).toBeLessThan(6 * SECOND)
  await cluster.turn()
  expect(story).toEqual(['first 1', 'second 2'])
  expect(reasons).toEqual([expect.any(StoppingError)])
  const settled = await cluster.run(second.scheduler.wait(id))
  expect(settled).toMatchObject({ status: 'succeeded', output: '"second"', retries: 0, interruptions: 0 })
  expect((await second.scheduler.execution(id))?.attempts.map(({ outcome }) => outcome)).toEqual([
    'interrupted',
    'succeeded',
  ])
  expect(first.events.filter(({ type }) => type === 'execution:failed')).toEqual([])
  expect(first.events.filter(({ type }) => type === 'execution:returned')).toHaveLength(1)
})

test('promise 5: a handler that goes on after its abort keeps its lease until it ends, and its result counts', async () => {
  await using cluster = new Cluster()
  const starts: string[] = []
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'deaf',
      run: async () => {
        starts.push(name)
        await cluster.runtime.sleep(3 * MINUTE)
        return name
      },
    })
  const first = await cluster.start({ jobs: [job('first')] })
  const { id } = await cluster.run(first.scheduler.enqueue('deaf'))
  await cluster.turn()
  const second = await cluster.start({ jobs: [job('second')] })
  await cluster.run(first.scheduler.stop({ grace: '1s' }))
  expect(cluster.elapsed).toBeLessThan(10 * SECOND)
  await cluster.reach(4 * MINUTE)
  expect(starts).toEqual(['first'])
  expect((await second.scheduler.execution(id))?.execution).toMatchObject({ status: 'succeeded', output: '"first"' })
})

test('promise 5: what was taken ahead is given back by stop, and runs elsewhere at once', async () => {
  await using cluster = new Cluster()
  const starts: string[] = []
  let isLong = false
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'work',
      overlap: 'allow',
      run: async ({ input }) => {
        starts.push(`${name} ${String(input)}`)
        await cluster.runtime.sleep(isLong && name === 'first' ? 20 * SECOND : 1)
      },
    })
  const first = await cluster.start({ jobs: [job('first')], concurrency: 1 })
  await cluster.run(first.scheduler.enqueueMany('work', ['warm', 'warm', 'warm', 'warm']))
  await cluster.reach(SECOND)
  isLong = true
  await cluster.run(first.scheduler.enqueueMany('work', ['a', 'b', 'c']))
  await cluster.turn()
  expect(starts.filter((start) => !start.endsWith('warm'))).toEqual(['first a'])
  const second = await cluster.start({ jobs: [job('second')] })
  const stopping = first.scheduler.stop({ grace: '1m' })
  await cluster.turn()
  await cluster.turn()
  expect(starts.filter((start) => start.startsWith('second'))).toEqual(['second b', 'second c'])
  await cluster.run(stopping)
  const { items } = await second.scheduler.executions({ jobs: ['work'] })
  expect(
    items.every(({ status, retries, interruptions }) => status === 'succeeded' && retries + interruptions === 0),
  ).toBe(true)
})

test('a scheduler can be stopped twice, before its start, and at its end of scope', async () => {
  await using cluster = new Cluster()
  const { scheduler } = await cluster.start({ jobs: [] })
  await cluster.run(Promise.all([scheduler.stop(), scheduler.stop()]))
  await expect(scheduler.start()).rejects.toThrow(/was stopped; make a new one/)
  const idle = cluster.add({ jobs: [] })
  await cluster.run(idle.scheduler.stop())
  const scoped = await cluster.start({ jobs: [] })
  await cluster.run(Promise.resolve(scoped.scheduler[Symbol.asyncDispose]()))
  expect((await scoped.scheduler.health()).state).toBe('stopped')
  expect(scoped.machine.runtime.pendingSleeps).toBe(0)
})

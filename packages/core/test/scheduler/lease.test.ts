import { defineJob, every, type JobStore, LeaseLostError, StoreUnavailableError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('rule 15: one heartbeat call at a third of the lease speaks for all that an instance runs', async () => {
  const beats: number[] = []
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      heartbeat: (namespace, request) => {
        beats.push(request.holding.length)
        return store.heartbeat(namespace, request)
      },
    }),
  })
  const long = defineJob({ name: 'long', overlap: 'allow', run: () => cluster.runtime.sleep(10 * MINUTE) })
  const { scheduler } = await cluster.start({ jobs: [long], lease: '30s', concurrency: 50 })
  await cluster.run(scheduler.enqueueMany(long, Array(40).fill(undefined)))
  await cluster.runtime.advance('61s')
  expect(beats).toEqual(Array(6).fill(40))
})

test('rule 15: when heartbeats fail, signals abort before the lease can expire, and nobody else has the work before', async () => {
  let cutOff: string | null = null
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      heartbeat: (namespace, request) =>
        request.instance === cutOff
          ? Promise.reject(new StoreUnavailableError('cut off'))
          : store.heartbeat(namespace, request),
    }),
  })
  const story: [what: string, at: number][] = []
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'long',
      run: async ({ signal, remainingMs, assertHeld }) => {
        story.push([`${name} started`, cluster.elapsed])
        signal.addEventListener('abort', () => {
          story.push([`${name} aborted`, cluster.elapsed])
          expect(signal.reason).toBeInstanceOf(LeaseLostError)
          expect(remainingMs()).toBe(0)
          expect(() => assertHeld()).toThrow(LeaseLostError)
        })
        await cluster.runtime.sleep(10 * MINUTE)
      },
    })
  const first = await cluster.start({ jobs: [job('first')] })
  await cluster.run(first.scheduler.enqueue('long'))
  await cluster.turn()
  await cluster.start({ jobs: [job('second')] })
  await cluster.reach(25 * SECOND) // renewed at 20 s
  cutOff = (await first.scheduler.health()).instance
  await cluster.reach(2 * MINUTE)
  expect(story.map(([what]) => what)).toEqual(['first started', 'first aborted', 'second started'])
  const [, aborted, again] = story.map(([, at]) => at) as [number, number, number]
  expect(aborted).toBeGreaterThan(45 * SECOND)
  expect(aborted).toBeLessThan(50 * SECOND)
  expect(again).toBeGreaterThanOrEqual(50 * SECOND)
  expect(again).toBeLessThanOrEqual(55 * SECOND)
})

test('rule 15: a declared-dead instance goes on under a new id and takes work again', async () => {
  await using cluster = new Cluster()
  const seen: string[] = []
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({ name: 'tick', run: () => void seen.push(name) })
  const { scheduler, machine, events } = await cluster.start({ jobs: [job('first')] })
  const before = (await scheduler.health()).instance
  await cluster.start({ jobs: [defineJob({ name: 'other', run: () => undefined })] }) // it declares the dead dead
  machine.suspend()
  await cluster.runtime.advance('2m')
  machine.resume()
  await cluster.runtime.advance('15s')
  const after = (await scheduler.health()).instance
  expect(after).not.toBe(before)
  expect(events.filter(({ type }) => type === 'instance:lost')).toMatchObject([{ instance: before }])
  const instances = await scheduler.instances()
  expect(instances.find(({ id }) => id === before)?.isAlive).toBe(false)
  expect(instances.find(({ id }) => id === after)?.isAlive).toBe(true)
  await cluster.run(scheduler.enqueue('tick'))
  await cluster.runtime.advance('1s')
  expect(seen).toEqual(['first'])
})

test('rule 15: ticks go on to run after a lost reply to the registration of a reborn instance', async () => {
  let isLosing = false
  let lost = 0
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      registerInstance: async (namespace, instance) => {
        const answer = await store.registerInstance(namespace, instance)
        if (!isLosing) return answer
        isLosing = false
        lost++
        throw new StoreUnavailableError('the reply was lost')
      },
    }),
  })
  const seen: number[] = []
  const job = defineJob({ name: 'tick', trigger: every('1m'), run: () => void seen.push(cluster.elapsed) })
  const { machine } = await cluster.start({ jobs: [job] })
  await cluster.start({ jobs: [defineJob({ name: 'other', run: () => undefined })] })
  await cluster.reach(90 * SECOND)
  machine.suspend()
  await cluster.reach(210 * SECOND)
  isLosing = true
  machine.resume()
  await cluster.reach(7 * MINUTE)
  expect(lost).toBe(1)
  expect(seen.filter((at) => at > 5 * MINUTE)).toHaveLength(2)
})

test('rule 15: a heartbeat that was on its way does not take a retry from the instance that claimed it again', async () => {
  let isSlow = false
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      heartbeat: async (namespace, request) => {
        if (isSlow && request.holding.length > 0) await cluster.runtime.sleep(2 * SECOND)
        return store.heartbeat(namespace, request)
      },
    }),
  })
  const aborts: number[] = []
  const job = defineJob({
    name: 'retried',
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 0, jitter: 'none' } },
    run: async ({ attempt, signal }) => {
      signal.addEventListener('abort', () => aborts.push(attempt))
      await cluster.runtime.sleep(10.5 * SECOND)
      if (attempt === 1) throw new Error('once more')
    },
  })
  isSlow = true
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  const settled = await cluster.run(scheduler.wait(id))
  expect(aborts).toEqual([])
  expect(settled).toMatchObject({ status: 'succeeded', attempt: 2, interruptions: 0 })
})

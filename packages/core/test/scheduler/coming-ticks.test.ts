import { defineJob, every, type JobStore, type Scheduler } from '@escapement/core'
import type { VirtualRuntime } from '@escapement/testkit'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

/** Requests that take long to get to the server, and replies that take long to come back. Milliseconds. */
function farStore(store: JobStore, runtime: () => VirtualRuntime, way: { there: number; back: number }): JobStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = (...args: unknown[]): unknown => Reflect.apply(member, target, args)
      if (name === 'subscribe') return call
      return async (...args: unknown[]) => {
        await runtime().sleep(way.there)
        const answer = await call(...args)
        await runtime().sleep(way.back)
        return answer
      }
    },
  })
}

function clusterWith(way: { there: number; back: number }): Cluster {
  const cluster: Cluster = new Cluster({ wrap: (store) => farStore(store, () => cluster.runtime, way) })
  return cluster
}

/** What was taken for an instant that has not come. */
async function taken(scheduler: Scheduler): Promise<string[]> {
  const { items } = await scheduler.executions({ jobs: ['tick'] }, {})
  return items.filter(({ claimedAt, startedAt }) => claimedAt !== null && startedAt === null).map(({ id }) => id)
}

/** Starts a job with a tick each minute; `seen` has the ticks whose handler was called, from the start. */
async function startTicking(cluster: Cluster) {
  const seen: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('1m'),
    run: ({ scheduledFor }) => void seen.push(scheduledFor - START),
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  return { job, scheduler, seen }
}

for (const overlap of ['allow', 'skip', 'queue-one', 'queue-all', 'cancel-running'] as const) {
  test(`rule 10: with overlap ${overlap} a handler waits for its instant and not for its claim`, async () => {
    await using cluster = clusterWith({ there: 15, back: 15 })
    const late: number[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('1s'),
      overlap,
      onInterrupt: 'fail',
      run: async ({ scheduledFor }) => {
        late.push(cluster.runtime.now() - scheduledFor)
        await cluster.runtime.sleep(500)
      },
    })
    await cluster.start({ jobs: [job] })
    await cluster.reach(20 * SECOND)
    expect(late.length).toBeGreaterThanOrEqual(18)
    expect(new Set(late)).toEqual(new Set([15])) // when the server has certainly reached it: half a round trip later
  })
}

test('rule 9: nothing starts before its time, although requests take longer than their replies', async () => {
  await using cluster = clusterWith({ there: 40, back: 0 })
  const late: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('1s'),
    run: ({ scheduledFor }) => void late.push(cluster.runtime.now() - scheduledFor),
  })
  await cluster.start({ jobs: [job] })
  await cluster.reach(20 * SECOND)
  expect(late.length).toBeGreaterThanOrEqual(18)
  expect(new Set(late)).toEqual(new Set([0]))
})

test('rule 13: a tick that was taken for its instant does not start when its job is paused before it', async () => {
  await using cluster = new Cluster()
  const { job, scheduler, seen } = await startTicking(cluster)
  await cluster.runtime.advanceTo(START + 2 * MINUTE - 20)
  expect(await taken(scheduler)).toHaveLength(1)
  await cluster.run(scheduler.pause(job))
  await cluster.reach(2.5 * MINUTE)
  await cluster.run(scheduler.resume(job))
  await cluster.reach(3 * MINUTE)
  expect(seen).toEqual([MINUTE, 3 * MINUTE])
  const ticks = await scheduler.ticks(job, { from: START + MINUTE, to: START + 3 * MINUTE })
  expect(ticks.map(({ verdict }) => verdict)).toEqual(['succeeded', 'paused', 'succeeded'])
})

test('rule 5: a tick that was taken for its instant does not start when its job is retired before it', async () => {
  await using cluster = new Cluster()
  const { scheduler, seen } = await startTicking(cluster)
  await cluster.runtime.advanceTo(START + 2 * MINUTE - 20)
  expect(await taken(scheduler)).toHaveLength(1)
  await cluster.run(scheduler.retire('tick'))
  await cluster.reach(5 * MINUTE)
  expect(seen).toEqual([MINUTE])
})

test('rule 9: an instant that goes an hour away, because the clock was set back, keeps no slot for long', async () => {
  await using cluster = new Cluster()
  const seen: string[] = []
  const tick = defineJob({ name: 'tick', trigger: every('1m'), run: () => void seen.push('tick') })
  const other = defineJob({ name: 'other', run: () => void seen.push('other') })
  const { scheduler } = await cluster.start({ jobs: [tick, other], queues: { default: { concurrency: 1 } } })
  await cluster.runtime.advanceTo(START + MINUTE - 20)
  expect(await taken(scheduler)).toHaveLength(1)
  cluster.runtime.stepWallClock(-HOUR)
  await cluster.run(scheduler.enqueue(other))
  await cluster.runtime.advance('3s')
  expect(seen).toEqual(['other'])
  await cluster.runtime.advance('61m')
  expect(seen.filter((name) => name === 'tick').length).toBeGreaterThanOrEqual(1)
})

test('rule 18: a tick that was taken for its instant never starts when it is cancelled before it', async () => {
  await using cluster = new Cluster()
  const { scheduler, seen } = await startTicking(cluster)
  await cluster.runtime.advanceTo(START + MINUTE - 20)
  const [id = ''] = await taken(scheduler)
  await cluster.run(scheduler.cancel(id))
  await cluster.reach(2 * MINUTE)
  expect(seen).toEqual([2 * MINUTE])
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'cancelled', startedAt: null })
})

test('rule 18: a tick that was taken for its instant starts elsewhere at it when its instance stops before', async () => {
  await using cluster = new Cluster()
  const seen: string[] = []
  const on = (name: string) =>
    defineJob({
      name: 'tick',
      trigger: every('1m'),
      overlap: 'allow',
      run: ({ scheduledFor }) => void seen.push(`${name} ${scheduledFor - START} ${cluster.elapsed}`),
    })
  const first = await cluster.start({ jobs: [on('first')] })
  await cluster.runtime.advanceTo(START + MINUTE - 30)
  const second = await cluster.start({ jobs: [on('second')] })
  await cluster.run(first.scheduler.stop())
  await cluster.reach(MINUTE)
  expect(seen).toEqual([`second ${MINUTE} ${MINUTE}`])
  expect(second.events.filter(({ type }) => type === 'scheduler:error')).toEqual([])
})

test('rule 14: what dies with its instance before its instant is interrupted, and runs when the lease has ended', async () => {
  await using cluster = new Cluster()
  const seen: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('10m'),
    run: ({ attempt }) => void seen.push(attempt),
  })
  const first = await cluster.start({ jobs: [job], lease: '5s' })
  const { scheduler } = await cluster.start({ jobs: [job], lease: '5s', roles: ['plan', 'upkeep'] })
  await cluster.runtime.advanceTo(START + 10 * MINUTE - 20)
  first.machine.kill()
  await cluster.reach(10 * MINUTE + 5 * SECOND)
  await cluster.start({ jobs: [job], lease: '5s' })
  await cluster.reach(11 * MINUTE)
  expect(seen).toEqual([2])
  const ticks = await scheduler.ticks(job, { from: START + 10 * MINUTE, to: START + 10 * MINUTE })
  expect(ticks.map(({ verdict }) => verdict)).toEqual(['succeeded'])
})

import { defineJob, type JobStore, type QueueDemand } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, type Member, MINUTE, SECOND } from './cluster.ts'

/** Counts how many run at once, in all and by key. */
class Gauge {
  now = 0
  most = 0
  enter(): void {
    this.most = Math.max(this.most, ++this.now)
  }
  leave(): void {
    this.now--
  }
}

test('rule 20: an instance runs no more of a queue than its own concurrency', async () => {
  await using cluster = new Cluster()
  const gauge = new Gauge()
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: async () => {
      gauge.enter()
      await cluster.runtime.sleep(SECOND)
      gauge.leave()
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 4 })
  await cluster.run(scheduler.enqueueMany(job, Array(20).fill(null)))
  await cluster.run(scheduler.drain())
  expect(gauge.most).toBe(4)
  expect(cluster.elapsed).toBeLessThan(6 * SECOND)
})

test("rule 20: a queue's limit across the cluster stays when an instance starts that does not mention the queue", async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'work', queue: 'narrow', run: () => undefined })
  const limit = async ({ scheduler }: Pick<Member, 'scheduler'>): Promise<number | null | undefined> =>
    (await scheduler.queues()).find(({ name }) => name === 'narrow')?.clusterLimit
  const silent = await cluster.start({ jobs: [job] })
  expect(await limit(silent)).toBe(null)
  await cluster.start({ jobs: [job], queues: { narrow: { limit: 3 } } })
  await cluster.start({ jobs: [job], queues: { other: { limit: 1 } } })
  expect(await limit(silent)).toBe(3)
  await cluster.start({ jobs: [job], queues: { narrow: { concurrency: 2 } } })
  expect(await limit(silent)).toBe(null)
})

test('by priority, then age: what is more urgent starts first', async () => {
  await using cluster = new Cluster()
  const order: unknown[] = []
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: async ({ input }) => {
      order.push(input)
      await cluster.runtime.sleep(SECOND)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 1 })
  await cluster.run(scheduler.pauseQueue('default'))
  for (const [name, priority] of [
    ['low', -5],
    ['first', 0],
    ['second', 0],
    ['high', 50],
  ] as const) {
    await cluster.run(scheduler.enqueue(job, name, { priority }))
    await cluster.turn()
  }
  await cluster.run(scheduler.resumeQueue('default'))
  await cluster.run(scheduler.drain())
  expect(order).toEqual(['high', 'first', 'second', 'low'])
})

test('rule 19: short handlers are taken ahead up to 24 times the concurrency, never in a queue with a cluster limit', async () => {
  const demands: QueueDemand[] = []
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      claim: (namespace, request) => {
        demands.push(...request.queues)
        return store.claim(namespace, request)
      },
    }),
  })
  const job = (name: string, queue: string): ReturnType<typeof defineJob> =>
    defineJob({ name, queue, overlap: 'allow', run: () => cluster.runtime.sleep(1) })
  const jobs = [job('free', 'free'), job('narrow', 'narrow')]
  const { scheduler } = await cluster.start({
    jobs,
    queues: { free: { concurrency: 5 }, narrow: { concurrency: 5, limit: 100 } },
  })
  for (const each of jobs) await cluster.run(scheduler.enqueueMany(each, Array(200).fill(null)))
  await cluster.run(scheduler.drain())
  const most = (queue: string): number =>
    Math.max(...demands.filter((demand) => demand.queue === queue).map(({ prefetch }) => prefetch))
  expect(most('free')).toBe(120)
  expect(most('narrow')).toBe(0)
  expect(Math.max(...demands.filter(({ queue }) => queue === 'free').map(({ slots }) => slots))).toBe(5)
})

test('rule 19: what was taken ahead is still scheduled to readers, with claimedAt and without startedAt', async () => {
  await using cluster = new Cluster()
  let isLong = false
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: () => cluster.runtime.sleep(isLong ? MINUTE : 1),
  })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 1 })
  await cluster.run(scheduler.enqueueMany(job, Array(10).fill(null)))
  await cluster.reach(SECOND)
  isLong = true
  await cluster.run(scheduler.enqueueMany(job, Array(3).fill(null)))
  await cluster.turn()
  const { items } = await scheduler.executions(
    { jobs: ['work'], statuses: ['scheduled', 'running'] },
    { order: 'oldest' },
  )
  const shown = items
    .toSorted((a, b) => (a.status < b.status ? -1 : 1))
    .map((each) => [each.status, each.waitingFor, each.claimedAt !== null, each.startedAt !== null])
  expect(shown).toEqual([
    ['running', null, true, true],
    ['scheduled', 'slot', true, false],
    ['scheduled', 'slot', true, false],
  ])
  await cluster.runtime.advance('2s') // it could not start for more than a second: others may have it
  const later = await scheduler.executions({ jobs: ['work'], statuses: ['scheduled'] })
  expect(later.items.map(({ claimedAt }) => claimedAt)).toEqual([null, null])
})

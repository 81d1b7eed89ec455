import { defineJob, every, type JobStore, type QueueDemand } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, type Member, MINUTE, SECOND, START } from './cluster.ts'

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

test('rule 20: a queue never runs more than its limit across the cluster, and uses it', async () => {
  await using cluster = new Cluster()
  const gauge = new Gauge()
  const job = defineJob({
    name: 'work',
    queue: 'narrow',
    overlap: 'allow',
    run: async () => {
      gauge.enter()
      await cluster.runtime.sleep(SECOND)
      gauge.leave()
    },
  })
  const queues = { narrow: { concurrency: 10, limit: 3 } }
  const members = [await cluster.start({ jobs: [job], queues }), await cluster.start({ jobs: [job], queues })]
  await cluster.run(members[0]?.scheduler.enqueueMany(job, Array(30).fill(null)) as Promise<unknown>)
  const at = cluster.elapsed
  await cluster.runtime.runUntil(async () => {
    return (await cluster.store.countExecutions('default', { jobs: ['work'], statuses: ['succeeded'] }, 100)) === 30
  })
  expect(gauge.most).toBe(3)
  expect(cluster.elapsed - at).toBeLessThan(11 * SECOND)
})

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

test('rule 20: a concurrency key limits what shares it across the cluster, and nothing else', async () => {
  await using cluster = new Cluster()
  const gauges = new Map<string, Gauge>()
  const job = defineJob({
    name: 'sync',
    overlap: 'allow',
    concurrency: { key: (input) => (input as { tenant: string }).tenant, limit: 2 },
    run: async ({ input }) => {
      const { tenant } = input as { tenant: string }
      const gauge = gauges.get(tenant) ?? new Gauge()
      gauges.set(tenant, gauge)
      gauge.enter()
      await cluster.runtime.sleep(SECOND)
      gauge.leave()
    },
  })
  const first = await cluster.start({ jobs: [job] })
  await cluster.start({ jobs: [job] })
  const inputs = Array.from({ length: 24 }, (_, index) => ({ tenant: `t${index % 3}` }))
  const at = cluster.elapsed
  await cluster.run(first.scheduler.enqueueMany(job, inputs))
  await cluster.runtime.runUntil(async () => {
    return (await cluster.store.countExecutions('default', { jobs: ['sync'], statuses: ['succeeded'] }, 100)) === 24
  })
  expect([...gauges.values()].map(({ most }) => most)).toEqual([2, 2, 2])
  expect(cluster.elapsed - at).toBeLessThan(5 * SECOND)
})

test('rule 20: of an exclusive job one execution is open at a time across the cluster, whatever its origin', async () => {
  await using cluster = new Cluster()
  const gauge = new Gauge()
  const job = defineJob({
    name: 'exclusive',
    trigger: every('2s'),
    overlap: 'queue-all',
    run: async () => {
      gauge.enter()
      await cluster.runtime.sleep(700)
      gauge.leave()
    },
  })
  const members = [
    await cluster.start({ jobs: [job] }),
    await cluster.start({ jobs: [job] }),
    await cluster.start({ jobs: [job] }),
  ]
  for (const { scheduler } of members) await cluster.run(scheduler.enqueueMany(job, [1, 2, 3]))
  await cluster.reach(30 * SECOND)
  expect(gauge.most).toBe(1)
  expect(await cluster.store.countExecutions('default', { jobs: ['exclusive'], statuses: ['succeeded'] }, 100)).toBe(
    9 + 15 - 1,
  )
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

test('rule 19: a pause of a queue gives back what was taken ahead of it, and of no other', async () => {
  await using cluster = new Cluster()
  let isLong = false
  const job = (name: string): ReturnType<typeof defineJob> =>
    defineJob({ name, queue: name, overlap: 'allow', run: () => cluster.runtime.sleep(isLong ? 500 : 1) })
  const jobs = [job('mail'), job('print')]
  const { scheduler } = await cluster.start({ jobs, concurrency: 1 })
  for (const each of jobs) await cluster.run(scheduler.enqueueMany(each, Array(10).fill(null)))
  await cluster.reach(SECOND)
  isLong = true
  for (const each of jobs) await cluster.run(scheduler.enqueueMany(each, Array(3).fill(null)))
  await cluster.turn()
  await cluster.run(scheduler.pauseQueue('mail'))
  const ahead = async (name: string): Promise<number> => {
    const { items } = await scheduler.executions({ jobs: [name], statuses: ['scheduled'] })
    return items.filter(({ claimedAt }) => claimedAt !== null).length
  }
  expect([await ahead('mail'), await ahead('print')]).toEqual([0, 2])
})

test('rule 12: overlap decides what becomes of a punctual tick while an execution is open', async () => {
  const verdicts: Record<string, readonly string[]> = {}
  for (const overlap of ['skip', 'queue-one', 'queue-all', 'cancel-running', 'allow'] as const) {
    await using cluster = new Cluster()
    const job = defineJob({
      name: 'tick',
      trigger: every('1m'),
      overlap,
      run: async ({ scheduledFor, signal }) => {
        const isFirst = scheduledFor === START + MINUTE
        await cluster.runtime.sleep(isFirst ? 3.5 * MINUTE : 10 * SECOND, signal)
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(5.5 * MINUTE)
    const ticks = await scheduler.ticks(job, { from: START + MINUTE, to: START + 5 * MINUTE })
    verdicts[overlap] = ticks.map(({ verdict }) => verdict)
  }
  const ran = 'succeeded'
  expect(verdicts).toEqual({
    skip: [ran, 'overlap', 'overlap', 'overlap', ran],
    'queue-one': [ran, ran, 'overlap', 'overlap', ran],
    'queue-all': [ran, ran, ran, ran, ran],
    'cancel-running': ['cancelled', ran, ran, ran, ran],
    allow: [ran, ran, ran, ran, ran],
  })
})

test('rule 12: an enqueued run of an exclusive job waits its turn, unless it asks to be skipped', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'exclusive', run: () => cluster.runtime.sleep(10 * SECOND) })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const first = await cluster.run(scheduler.enqueue(job))
  await cluster.turn()
  const waiting = await cluster.run(scheduler.enqueue(job))
  const skipped = await cluster.run(scheduler.enqueue(job, undefined, { ifOpen: 'skip' }))
  await cluster.turn()
  expect((await scheduler.execution(waiting.id))?.execution).toMatchObject({
    status: 'scheduled',
    waitingFor: 'overlap',
  })
  expect((await scheduler.execution(skipped.id))?.execution).toMatchObject({ status: 'skipped', reason: 'open' })
  await cluster.run(scheduler.drain())
  for (const { id } of [first, waiting]) expect((await scheduler.execution(id))?.execution.status).toBe('succeeded')
})

import { type AnyJob, at, createScheduler, cron, defineJob, every, type JobStore, type Trigger } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, DAY, HOUR, MINUTE, SECOND, START } from './cluster.ts'

test('promise 1: every tick of every schedule runs once, at its instant', async () => {
  await using cluster = new Cluster()
  const starts: [string, number, number][] = []
  const job = (name: string, trigger: Trigger): AnyJob =>
    defineJob({
      name,
      trigger,
      run: ({ scheduledFor }) => void starts.push([name, scheduledFor, cluster.runtime.now()]),
    })
  await cluster.start({
    lease: '1h',
    jobs: [job('often', every('15m')), job('hourly', cron('30 * * * *')), job('once', at(START + 5 * HOUR))],
  })
  await cluster.reach(6 * HOUR)

  const of = (name: string): number[] =>
    starts.filter(([started]) => started === name).map(([, scheduledFor]) => scheduledFor)
  expect(of('often')).toEqual(Array.from({ length: 24 }, (_, index) => START + (index + 1) * 15 * MINUTE))
  expect(of('hourly')).toEqual(Array.from({ length: 6 }, (_, index) => START + 30 * MINUTE + index * HOUR))
  expect(of('once')).toEqual([START + 5 * HOUR])
  for (const [, scheduledFor, startedAt] of starts) expect(startedAt).toBe(scheduledFor)
})

test('promise 1: five instances on one store run each tick once', async () => {
  await using cluster = new Cluster()
  const seen: number[] = []
  const job = defineJob({ name: 'tick', trigger: every('1s'), run: ({ scheduledFor }) => void seen.push(scheduledFor) })
  for (let index = 0; index < 5; index++) {
    await cluster.start({ jobs: [job] }, { offsetMs: index * 137, driftPpm: index * 50 })
  }
  await cluster.reach(2 * MINUTE)
  expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => START + (index + 1) * SECOND))
})

test('rule 5: a tick that was purged is not planned again, and backfill refuses to give it a second run', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({ name: 'daily', trigger: cron('0 0 * * *'), run: () => void runs++ })
  const { scheduler } = await cluster.start({ jobs: [job], retention: '1d', lease: '1h', horizon: '1h' })
  await cluster.reach(3 * DAY)
  expect(runs).toBe(3)
  const ticks = await scheduler.ticks(job, { from: START + DAY, to: START + 3 * DAY })
  expect(ticks[0]).toMatchObject({ scheduledFor: START + DAY, verdict: 'purged' })

  const range = { from: START + DAY, to: START + DAY }
  await expect(cluster.run(scheduler.backfill(job, range))).rejects.toThrow(/goes beyond what is kept/)
  await cluster.runtime.advance('1h')
  expect(runs).toBe(3)
})

test('rule 5: a job that was removed and comes back does not run again what it had run', async () => {
  await using cluster = new Cluster()
  const runs: number[] = []
  const job = defineJob({
    name: 'comes-and-goes',
    trigger: every('1h'),
    misfire: { policy: 'all', within: '30d', max: 1_000 },
    run: ({ scheduledFor }) => void runs.push((scheduledFor - START) / HOUR),
  })
  const other = defineJob({ name: 'other', run: () => undefined })
  const first = await cluster.start({ jobs: [job] })
  await cluster.reach(2.5 * HOUR)
  await cluster.run(first.scheduler.stop())
  const without = await cluster.start({ jobs: [other] })
  await cluster.reach(4.5 * HOUR)
  await cluster.run(without.scheduler.stop())
  await cluster.start({ jobs: [job, other] })
  await cluster.reach(5.5 * HOUR)
  expect(runs.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
})

test('rule 22: only an instance that runs jobs has a reason to wait for what others write', async () => {
  let listening = 0
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      subscribe: (namespace, listener) => {
        const subscription = store.subscribe(namespace, listener)
        listening++
        return {
          [Symbol.dispose]: () => {
            listening--
            subscription[Symbol.dispose]()
          },
        }
      },
    }),
  })
  const job = defineJob({ name: 'tick', trigger: every('1s'), run: () => null })
  await cluster.start({ jobs: [job], roles: ['plan', 'upkeep'] })
  expect(listening).toBe(0)
  const runner = await cluster.start({ jobs: [job], roles: ['run'] })
  expect(listening).toBe(1)
  await cluster.run(runner.scheduler.stop())
  expect(listening).toBe(0)
})

test("rule 10: planners that get in each other's way insert each tick once", async () => {
  let refused = 0
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      plan: async (namespace, entries) => {
        await cluster.runtime.sleep(2_000) // so long that all the others have read the same cursor
        const results = await store.plan(namespace, entries)
        refused += results.filter((result) => result === 'conflict').length
        return results
      },
    }),
  })
  const seen: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('1s'),
    overlap: 'allow',
    run: ({ scheduledFor }) => void seen.push(scheduledFor),
  })
  const schedulers = Array.from({ length: 4 }, () => cluster.add({ jobs: [job] }).scheduler)
  await cluster.run(Promise.all(schedulers.map((scheduler) => scheduler.start())))
  await cluster.reach(MINUTE)
  expect(refused).toBeGreaterThan(0)
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => START + (index + 1) * SECOND))
})

test('a scheduler that is given nothing but jobs runs them in memory', async () => {
  const ran = Promise.withResolvers<number>()
  const job = defineJob({ name: 'hello', run: ({ input }) => ran.resolve((input as { n: number }).n) })
  await using scheduler = createScheduler({ jobs: [job] })
  await scheduler.start()
  const { id } = await scheduler.enqueue(job, { n: 7 })
  expect(await ran.promise).toBe(7)
  expect(await scheduler.wait(id)).toMatchObject({ status: 'succeeded', attempt: 1 })
})

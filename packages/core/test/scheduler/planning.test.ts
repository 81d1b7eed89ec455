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

test('rule 2: a job with several triggers has one tick per instant', async () => {
  await using cluster = new Cluster()
  const seen: number[] = []
  const job = defineJob({
    name: 'both',
    trigger: [cron('0 * * * *'), every('30m')],
    run: ({ scheduledFor }) => void seen.push(scheduledFor - START),
  })
  await cluster.start({ jobs: [job] })
  await cluster.reach(2 * HOUR)
  expect(seen).toEqual([30 * MINUTE, HOUR, 90 * MINUTE, 2 * HOUR])
})

test('rule 5: ticks from before the first registration do not exist', async () => {
  await using cluster = new Cluster({ startAt: START + 12 * HOUR + 1 })
  const seen: number[] = []
  const job = defineJob({
    name: 'new',
    trigger: cron('0 0,12,18 * * *'),
    misfire: 'all',
    run: ({ scheduledFor }) => void seen.push(scheduledFor),
  })
  const { scheduler } = await cluster.start({ jobs: [job], lease: '1h', horizon: '1h' })
  await cluster.reach(DAY + 12 * HOUR)
  expect(seen).toEqual([START + 18 * HOUR, START + DAY, START + DAY + 12 * HOUR])
  const ticks = await scheduler.ticks(job, { from: START, to: START + DAY - 1 })
  expect(ticks.map(({ scheduledFor }) => scheduledFor)).toEqual([START + 18 * HOUR])
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

test('rule 5: backfill fills ticks that did not run, and no others', async () => {
  await using cluster = new Cluster()
  const runs: number[] = []
  const job = defineJob({
    name: 'hourly',
    trigger: every('1h'),
    misfire: 'skip',
    run: ({ scheduledFor }) => void runs.push((scheduledFor - START) / HOUR),
  })
  const first = await cluster.start({ jobs: [job] })
  await cluster.reach(1.5 * HOUR)
  await cluster.run(first.scheduler.stop())
  await cluster.reach(4.5 * HOUR)
  const second = await cluster.start({ jobs: [job] })
  await cluster.reach(5.5 * HOUR)
  expect(runs).toEqual([1, 5])

  const range = { from: START + 1, to: START + 9 * HOUR, by: 'user:ada' }
  expect(await cluster.run(second.scheduler.backfill(job, range))).toBe(3)
  expect(await cluster.run(second.scheduler.backfill(job, range))).toBe(0)
  await cluster.runtime.advance('1m')
  expect(runs).toEqual([1, 5, 2, 3, 4])
  const { items } = await second.scheduler.executions({ jobs: ['hourly'], origins: ['backfill'] })
  expect(items.map(({ createdBy, status }) => `${createdBy ?? ''} ${status}`)).toEqual(
    Array(3).fill('user:ada succeeded'),
  )
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

test('rule 10: ticks are inserted before they are due, up to the horizon', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'tick', trigger: every('10s'), run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job], horizon: '60s' })
  const { items } = await scheduler.executions({ statuses: ['scheduled'], jobs: ['tick'] }, { order: 'oldest' })
  expect(items.map(({ scheduledFor }) => scheduledFor - START)).toEqual([10, 20, 30, 40, 50, 60].map((s) => s * SECOND))
  expect(items.every(({ waitingFor }) => waitingFor === 'time')).toBe(true)
})

test("rule 10: a planner's death delays nothing", async () => {
  await using cluster = new Cluster()
  const seen: [number, number][] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('1s'),
    run: ({ scheduledFor }) => void seen.push([scheduledFor - START, cluster.runtime.now() - scheduledFor]),
  })
  const first = await cluster.start({ jobs: [job], roles: ['plan'] })
  await cluster.start({ jobs: [job] })
  await cluster.start({ jobs: [job] })
  await cluster.reach(10 * SECOND)
  first.machine.kill()
  await cluster.reach(2 * MINUTE)
  expect(seen.map(([tick]) => tick)).toEqual(Array.from({ length: 120 }, (_, index) => (index + 1) * SECOND))
  expect(Math.max(...seen.map(([, latenessMs]) => latenessMs))).toBeLessThan(10)
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

test('rule 9: an instance whose wall clock is an hour ahead starts nothing early', async () => {
  await using cluster = new Cluster()
  const starts: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('10m'),
    run: ({ scheduledFor }) => void starts.push(cluster.runtime.now() - scheduledFor),
  })
  const { scheduler } = await cluster.start({ jobs: [job] }, { offsetMs: HOUR, driftPpm: 200 })
  await cluster.reach(3 * HOUR)
  expect(starts).toHaveLength(18)
  expect(Math.min(...starts)).toBe(0)
  expect(Math.max(...starts)).toBeLessThan(100)
  expect((await scheduler.health()).clockOffsetMs).toBeCloseTo(-HOUR, -4)
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

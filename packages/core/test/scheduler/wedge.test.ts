/** The ways in which schedulers before this one stopped for good (research/gitness.md, section 4). */
import {
  cron,
  defineJob,
  every,
  type JobStore,
  memoryMutex,
  type MutexManager,
  StoreUnavailableError,
} from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

const shared = (store: JobStore): JobStore => ({ ...store, capabilities: { ...store.capabilities, shared: true } })

test('wedge 1: dead rows that fill every slot and limit hold up nothing beyond their lease', async () => {
  await using cluster = new Cluster()
  const ran: string[] = []
  const hold = (name: string): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'work',
      queue: 'narrow',
      overlap: 'allow',
      concurrency: { key: () => 'all', limit: 4 },
      run: async ({ input }) => {
        if (name === 'dead') await new Promise(() => undefined)
        ran.push(String(input))
      },
    })
  const queues = { narrow: { concurrency: 4, limit: 4 } }
  const dead = await cluster.start({ jobs: [hold('dead')], queues })
  await cluster.run(dead.scheduler.enqueueMany('work', ['a', 'b', 'c', 'd', 'e']))
  await cluster.turn()
  const alive = await cluster.start({ jobs: [hold('alive')], queues })
  const [{ running } = { running: 0 }] = await cluster.store.backlog('default')
  expect(running).toBe(4)
  dead.machine.kill()
  await cluster.reach(35 * SECOND)
  expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(await alive.scheduler.countExecutions({ statuses: ['running', 'scheduled'], jobs: ['work'] })).toBe(0)
})

test('wedge 1: a restart alone is enough: the only instance comes back under a new id and frees its own dead rows', async () => {
  await using cluster = new Cluster()
  let isDead = false
  const ran: string[] = []
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: async ({ input }) => {
      if (!isDead) await new Promise(() => undefined)
      ran.push(String(input))
    },
  })
  const options = { jobs: [job], concurrency: 2, instance: 'the-only-one' }
  const first = await cluster.start(options)
  await cluster.run(first.scheduler.enqueueMany(job, ['a', 'b', 'c']))
  await cluster.turn()
  first.machine.kill()
  isDead = true
  await cluster.start(options)
  await cluster.reach(36 * SECOND)
  expect(ran.toSorted()).toEqual(['a', 'b', 'c'])
})

test('wedge 2: upkeep that dies with its instance does not die for ever: the retention job runs on elsewhere', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'tick', trigger: every('1m'), run: () => undefined })
  const first = await cluster.start({ jobs: [job], retention: '5m' })
  first.scheduler.on('execution:started', ({ job: started }) => {
    if (started === 'escapement.retention') first.machine.kill()
  })
  const second = cluster.add({ jobs: [job], retention: '5m', accept: { jobs: ['tick'] } })
  await cluster.reach(11 * MINUTE)
  await cluster.run(second.scheduler.start())
  await cluster.reach(13 * MINUTE)
  const recovered = second.events.flatMap(({ type, job: of }) => (type === 'execution:recovered' ? [of] : []))
  expect(recovered).toContain('escapement.retention')
  await cluster.reach(21 * MINUTE)
  const { items } = await second.scheduler.executions({ jobs: ['tick'], statuses: ['succeeded'] }, { order: 'oldest' })
  expect((items[0]?.scheduledFor ?? 0) - START).toBeGreaterThanOrEqual(15 * MINUTE)
})

test('wedge 3: the last progress is stored with the verdict, and a retry starts from nothing', async () => {
  await using cluster = new Cluster()
  const seen: (number | null)[] = []
  const job = defineJob({
    name: 'steps',
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' } },
    run: async ({ attempt, progress, executionId }) => {
      if (attempt === 1) {
        progress(40)
        await cluster.runtime.sleep(2 * SECOND)
        throw new Error('at 40')
      }
      seen.push((await cluster.store.execution('default', executionId))?.execution.progress ?? null)
      progress(100)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  const settled = await cluster.run(scheduler.wait(id))
  expect(seen).toEqual([null])
  expect(settled).toMatchObject({ status: 'succeeded', progress: 100 })
})

test('wedge 4: a zombie past its lease cannot finish, fail, or report progress on the next attempt', async () => {
  await using cluster = new Cluster()
  const job = (name: string, clock: () => { sleep(ms: number): Promise<void> }): ReturnType<typeof defineJob> =>
    defineJob({
      name: 'long',
      run: async ({ progress }) => {
        await clock().sleep(20 * SECOND)
        progress(name === 'zombie' ? 13 : 50)
        await clock().sleep(4 * MINUTE)
        if (name === 'zombie') throw new Error('from the grave')
        return name
      },
    })
  const zombie = cluster.add({ jobs: [job('zombie', () => zombie.machine.runtime)] })
  await cluster.run(zombie.scheduler.start())
  const { id } = await cluster.run(zombie.scheduler.enqueue('long'))
  await cluster.turn()
  const heir = await cluster.start({ jobs: [job('heir', () => cluster.runtime)] })
  await cluster.reach(5 * SECOND)
  zombie.machine.suspend()
  await cluster.reach(70 * SECOND)
  zombie.machine.resume()
  await cluster.reach(4 * MINUTE)
  const during = await heir.scheduler.execution(id)
  expect(during?.execution).toMatchObject({ status: 'running', attempt: 2, progress: 50 })
  await cluster.reach(7 * MINUTE)
  expect((await heir.scheduler.execution(id))?.execution).toMatchObject({ status: 'succeeded', output: '"heir"' })
  expect(zombie.events.filter(({ type }) => type === 'execution:failed')).toEqual([])
})

test('wedge 5: planners whose turn ran out while the store was slow plan no tick twice', async () => {
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...shared(store),
      plan: async (namespace, entries) => {
        await cluster.runtime.sleep(8 * SECOND) // longer than the turn's lease
        return store.plan(namespace, entries)
      },
    }),
  })
  const ran: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('10s'),
    overlap: 'allow',
    misfire: 'all',
    run: ({ scheduledFor }) => void ran.push((scheduledFor - START) / SECOND),
  })
  const mutex = memoryMutex({ runtime: cluster.runtime })
  const members = Array.from({ length: 3 }, () => cluster.add({ jobs: [job], mutex, horizon: '1m' }))
  await cluster.run(Promise.all(members.map(({ scheduler }) => scheduler.start())))
  await cluster.reach(10 * MINUTE)
  expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => (index + 1) * 10))
})

test('wedge 6: a planner that never gets its turn, or whose lock server is gone, delays no tick', async () => {
  const never: MutexManager['tryAcquire'] = () => Promise.resolve(null)
  const gone: MutexManager['tryAcquire'] = () => Promise.reject(new StoreUnavailableError('no lock server'))
  for (const tryAcquire of [never, gone]) {
    await using cluster = new Cluster({ wrap: shared })
    const lateness: number[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('1s'),
      run: ({ scheduledFor }) => void lateness.push(cluster.runtime.now() - scheduledFor),
    })
    const mutex: MutexManager = { ...memoryMutex({ runtime: cluster.runtime }), tryAcquire }
    await cluster.start({ jobs: [job], mutex })
    await cluster.start({ jobs: [job], mutex })
    await cluster.reach(2 * MINUTE)
    expect(lateness).toHaveLength(120)
    expect(Math.max(...lateness)).toBeLessThan(10)
  }
})

test('wedge 7: whatever one pass of a loop throws, the loop turns on', async () => {
  const loops = ['claim', 'dueJobs', 'plan', 'heartbeat', 'recover', 'openBulkActions', 'settle'] as const
  for (const broken of loops) {
    for (const error of [new TypeError('a bug'), new StoreUnavailableError('a storm')]) {
      let faults = 0
      await using cluster = new Cluster({
        wrap: (store) =>
          new Proxy(store, {
            get: (target, property) => {
              if (property === broken && faults > 0) {
                return () => {
                  faults--
                  return Promise.reject(error)
                }
              }
              return Reflect.get(target, property, target) as unknown
            },
          }),
      })
      const ran: number[] = []
      const job = defineJob({
        name: 'tick',
        trigger: every('1s'),
        overlap: 'allow',
        misfire: 'all',
        run: () => void ran.push(cluster.elapsed),
      })
      const { scheduler, events } = await cluster.start({ jobs: [job] })
      await cluster.reach(10 * SECOND)
      faults = 3
      await cluster.reach(2 * MINUTE)
      expect([broken, faults]).toEqual([broken, 0])
      expect(events.filter(({ type }) => type === 'scheduler:error').length).toBeGreaterThan(0)
      expect(ran.filter((at) => at > MINUTE)).toHaveLength(60)
      expect((await scheduler.health()).isReady).toBe(true)
    }
  }
})

test('wedge 8: a schedule that can never fire is refused, and one that fires no more keeps no loop busy', async () => {
  for (const pattern of ['0 0 30 2 *', '0 0 31 4,6 *']) {
    expect(() => defineJob({ name: 'never', trigger: cron(pattern), run: () => undefined })).toThrow(
      /"never".*never fires/,
    )
  }
  let claims = 0
  let looks = 0
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      claim: (...given) => {
        claims++
        return store.claim(...given)
      },
      dueJobs: (...given) => {
        looks++
        return store.dueJobs(...given)
      },
    }),
  })
  const ended = defineJob({ name: 'ended', trigger: every('1s', { until: START + 5 * SECOND }), run: () => undefined })
  const past = defineJob({ name: 'past', trigger: every('1s', { until: START - 1 }), run: () => undefined })
  await cluster.start({ jobs: [ended, past] })
  await cluster.reach(MINUTE)
  claims = 0
  looks = 0
  await cluster.reach(HOUR)
  expect(claims).toBeLessThan(100) // the retention job has its ticks
  expect(looks).toBeLessThan(100)
})

test('wedge 8: a handler that fails at once, for ever, is retried no more often than its backoff says', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({
    name: 'failing',
    retry: { limit: 1_000, backoff: { kind: 'exponential', baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 'none' } },
    run: () => {
      runs++
      throw new Error('always')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.run(scheduler.enqueue(job))
  await cluster.reach(HOUR)
  expect(runs).toBeGreaterThan(50)
  expect(runs).toBeLessThan(70)
})

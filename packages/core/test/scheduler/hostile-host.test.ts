import {
  createScheduler,
  defineJob,
  every,
  memoryStore,
  RetryAfterError,
  StoreUnavailableError,
  type JobStore,
} from '@escapement/core'
import { virtualRuntime } from '@escapement/testkit'
import { expect, test } from 'vitest'
import { Cluster, SECOND } from './cluster.ts'

test('a handler may report fractions of a percent; whole ones are stored', async () => {
  await using cluster = new Cluster()
  const job = defineJob({
    name: 'fractions',
    run: ({ progress }) => {
      progress(100 / 3)
      progress(99.9)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  expect(await cluster.run(scheduler.wait(id))).toMatchObject({ status: 'succeeded', progress: 99 })
})

test('an end that the store refuses is stored without what the attempt left behind, and nothing runs again', async () => {
  const runtime = virtualRuntime()
  const store = memoryStore({ runtime })
  let runs = 0
  const job = defineJob({ name: 'refused', retry: { limit: 5 }, run: () => ({ run: ++runs }) })
  const picky: JobStore = new Proxy(store, {
    get(target, name, receiver) {
      if (name !== 'settle') return Reflect.get(target, name, receiver) as unknown
      return (namespace: string, settlements: Parameters<JobStore['settle']>[1]) =>
        settlements.some(({ output }) => output !== null)
          ? Promise.reject(new TypeError('cannot store that'))
          : store.settle(namespace, settlements)
    },
  })
  const scheduler = createScheduler({ jobs: [job], store: picky, runtime, logger: silent() })
  await runtime.runUntil(scheduler.start())
  const { id } = await runtime.runUntil(scheduler.enqueue(job))
  expect(await runtime.runUntil(scheduler.wait(id))).toMatchObject({ status: 'failed', reason: 'unstorable' })
  await runtime.advance('5m')
  expect(runs).toBe(1)
  await runtime.runUntil(scheduler.stop())
})

test('a delay that is no duration counts as an ordinary failure', async () => {
  await using cluster = new Cluster()
  const job = defineJob({
    name: 'odd-delay',
    retry: { limit: 1 },
    run: () => {
      throw Object.assign(new RetryAfterError('1s'), { delayMs: Number.POSITIVE_INFINITY })
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  expect(await cluster.run(scheduler.wait(id))).toMatchObject({ status: 'failed', reason: 'exhausted', retries: 1 })
})

test('a logger that throws or rejects stops nothing', async () => {
  const runtime = virtualRuntime()
  let isAway = false
  const real = memoryStore({ runtime })
  const store: JobStore = new Proxy(real, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver)
      if (!isAway || typeof found !== 'function') return found
      return () => Promise.reject(new StoreUnavailableError('away'))
    },
  })
  const ran: number[] = []
  const job = defineJob({
    name: 'often',
    trigger: every('1s'),
    overlap: 'allow',
    run: () => void ran.push(runtime.now()),
  })
  const broken = (): never => {
    throw new Error('the logger broke')
  }
  const logger = { debug: broken, info: broken, warn: broken, error: broken }
  const scheduler = createScheduler({ jobs: [job], store, runtime, logger })
  await runtime.runUntil(scheduler.start())
  isAway = true
  await runtime.advance('7s')
  isAway = false
  const before = ran.length
  await runtime.advance('7s')
  expect(ran.length).toBeGreaterThan(before + 3)
  await runtime.runUntil(scheduler.stop())
})

test('a drain that cannot drain says so instead of spinning', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'a', run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.run(scheduler.stop())
  await expect(cluster.run(scheduler.drain())).rejects.toThrow('this scheduler is stopped')
  const idle = createScheduler({ jobs: [job], store: cluster.store, runtime: cluster.runtime })
  await expect(cluster.run(idle.drain())).rejects.toThrow('this scheduler is idle')
  expect((await cluster.store.instances('default')).filter(({ isAlive }) => isAlive)).toEqual([])
})

test('nextTicks of a schedule that was changed just now begin where it takes effect', async () => {
  await using cluster = new Cluster()
  const old = defineJob({ name: 'changing', trigger: every('1h'), run: () => undefined })
  const changed = defineJob({ name: 'changing', trigger: every('1s'), run: () => undefined })
  await cluster.start({ jobs: [old], horizon: '2h' })
  await cluster.reach(SECOND)
  const { scheduler } = await cluster.start({ jobs: [changed], horizon: '2h' })
  const [view] = (await cluster.run(scheduler.jobs({ names: ['changing'] }))).items
  const planned = await cluster.run(
    scheduler.ticks('changing', {
      from: cluster.runtime.now() + 1,
      to: cluster.runtime.now() + 3 * 3_600_000,
      limit: 3,
    }),
  )
  expect(view?.nextTicks).toEqual(planned.map(({ scheduledFor }) => scheduledFor))
})

test('rule 30: no piece of a secret stays where a long message is cut', async () => {
  await using cluster = new Cluster()
  const token = 'S3CRET-abcdefghijklmnop'
  const job = defineJob({
    name: 'secretive',
    redact: ['token'],
    run: ({ input }) => {
      throw new Error(`${'x'.repeat(8_192 - 6)}${(input as { token: string }).token} and more`)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job, { token }))
  const { error } = await cluster.run(scheduler.wait(id))
  expect(JSON.stringify(error)).not.toContain('S3CRET')
  expect(error?.message.length).toBeLessThan(8_300)
})

function silent(): { debug(): void; info(): void; warn(): void; error(): void } {
  const nothing = (): void => undefined
  return { debug: nothing, info: nothing, warn: nothing, error: nothing }
}

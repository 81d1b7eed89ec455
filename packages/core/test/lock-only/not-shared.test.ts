import {
  createScheduler,
  defineJob,
  every,
  exponential,
  memoryMutex,
  memoryStore,
  type SchedulerOptions,
} from '@escapement/core'
import { expect, test } from 'vitest'
import { LockOnlyStage, type MakeJobs, SECOND, START } from './lock-only-stage.ts'

const run = (): undefined => undefined
const plain = defineJob({ name: 'plain', trigger: every('1s'), retry: { limit: 3, backoff: exponential() }, run })

test.each<[string, Partial<SchedulerOptions>, RegExp]>([
  [
    'overlap queue-one',
    { jobs: [defineJob({ name: 'a', overlap: 'queue-one', run })] },
    /^Job "a": overlap is "queue-one"/,
  ],
  ['overlap queue-all', { jobs: [defineJob({ name: 'a', overlap: 'queue-all', run })] }, /use "skip" or "allow"/],
  ['overlap cancel-running', { jobs: [defineJob({ name: 'a', overlap: 'cancel-running', run })] }, /dbStore\(pool\)$/],
  [
    'a concurrency key',
    { jobs: [defineJob({ name: 'a', concurrency: { key: () => 'k', limit: 2 }, run })] },
    /^Job "a"/,
  ],
  ['a limit of a queue', { queues: { mail: { limit: 2 } } }, /^queues\.mail\.limit is 2/],
  ['an instance that only plans', { roles: ['plan'] }, /^roles lacks "run"/],
  ['an instance that only runs', { roles: ['run', 'upkeep'] }, /^roles lacks "plan"/],
])('rule 25: %s is refused in lock-only mode before anything starts', (_, options, message) => {
  const make = (): unknown => createScheduler({ jobs: [plain], mutex: memoryMutex(), ...options })
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_NOT_SHARED', message: expect.stringMatching(message) }))
})

test('rule 25: a mutex whose server has no registers is refused, and so is a store that is neither shared nor in memory', () => {
  const { advanceMany: _, ...mutex } = { ...memoryMutex(), tryAcquire: () => Promise.resolve(null) }
  const options = { jobs: [plain], mutex: mutex as unknown as ReturnType<typeof memoryMutex> }
  expect(() => createScheduler(options)).toThrow(
    expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining('mutex has no advanceMany') }),
  )
  const { underClock: __, ...store } = memoryStore()
  expect(() => createScheduler({ jobs: [plain], mutex: memoryMutex(), store })).toThrow('not shared between processes')
  expect(() => createScheduler({ jobs: [plain], mutex: memoryMutex(), store: memoryStore() })).not.toThrow()
})

test('rule 25: what would have to reach other instances is refused at the call, and nothing is changed', async () => {
  await using stage = new LockOnlyStage()
  const jobs: MakeJobs = ({ ran }) => [defineJob({ name: 'plain', trigger: every('1s'), run: ran })]
  const [one, other] = [await stage.start(jobs), await stage.start(jobs)]
  await stage.reach(5 * SECOND)
  const [there] = (await other.scheduler.executions({ statuses: ['succeeded'] })).items
  const notHere = there?.id ?? 'none'
  const { scheduler } = one
  const refused = { code: 'ERR_NOT_SHARED' }
  await expect(scheduler.pause('plain')).rejects.toMatchObject(refused)
  await expect(scheduler.resume('plain')).rejects.toMatchObject(refused)
  await expect(scheduler.pauseQueue('default')).rejects.toMatchObject(refused)
  await expect(scheduler.resumeQueue('default')).rejects.toMatchObject(refused)
  await expect(scheduler.retire('plain')).rejects.toMatchObject(refused)
  const range = { from: START + SECOND, to: START + 4 * SECOND }
  await expect(scheduler.backfill('plain', range)).rejects.toMatchObject(refused)
  await expect(scheduler.bulk('cancel', { jobs: ['plain'] })).rejects.toMatchObject(refused)
  await expect(scheduler.cancel(notHere)).rejects.toThrow(`execution ${notHere} is not on this instance`)
  await expect(scheduler.retry(notHere)).rejects.toMatchObject(refused)
  const before = stage.runsByTick('plain').size
  await stage.reach(8 * SECOND)
  expect(stage.runsByTick('plain').size).toBe(before + 3)
})

test('rule 25: what is here can be cancelled, retried and waited for, and its keys are kept', async () => {
  await using stage = new LockOnlyStage()
  const jobs: MakeJobs = ({ ran }) => [defineJob({ name: 'plain', trigger: every('1s'), run: ran })]
  const { scheduler, runs } = await stage.start(jobs)
  await stage.reach(5 * SECOND)
  const [settled] = (await scheduler.executions({ statuses: ['succeeded'] })).items
  const again = await stage.runtime.runUntil(scheduler.retry(settled?.id ?? ''))
  expect((await stage.runtime.runUntil(scheduler.wait(again.id))).status).toBe('succeeded')
  expect(runs.filter(({ scheduledFor }) => scheduledFor === settled?.scheduledFor)).toHaveLength(2)
  const later = await stage.runtime.runUntil(scheduler.enqueue('plain', undefined, { delay: '1h', key: 'k' }))
  expect(await stage.runtime.runUntil(scheduler.enqueue('plain', undefined, { key: 'k' }))).toMatchObject({
    id: later.id,
    existing: true,
  })
  expect(await scheduler.cancel(later.id)).toBe('cancelled')
})

test("rule 25: what is read says that it is this instance's own", async () => {
  await using stage = new LockOnlyStage()
  const jobs: MakeJobs = ({ ran }) => [defineJob({ name: 'plain', trigger: every('1s'), run: ran })]
  const { scheduler } = await stage.start(jobs)
  await stage.reach(5 * SECOND)
  const range = { from: START, to: START + 5 * SECOND }
  const page = await scheduler.executions()
  const reads = [
    page,
    await scheduler.execution(page.items[0]?.id ?? ''),
    await scheduler.jobs(),
    await scheduler.stats(range),
    await scheduler.health(),
    ...(await scheduler.queues()),
    ...(await scheduler.instances()),
    ...(await scheduler.ticks('plain', range)),
  ]
  expect(reads.length).toBeGreaterThan(10)
  expect(new Set(reads.map((read) => read?.scope))).toEqual(new Set(['instance']))
  const alone = createScheduler({ jobs: [plain], runtime: stage.runtime })
  expect(await alone.executions()).not.toHaveProperty('scope')
})

test("rule 25: the upkeep of its own memory is every instance's own affair", async () => {
  await using stage = new LockOnlyStage()
  const jobs: MakeJobs = ({ ran }) => [defineJob({ name: 'plain', trigger: every('1s'), run: ran })]
  const instances = [await stage.start(jobs, { retention: '1m' }), await stage.start(jobs, { retention: '1m' })]
  await stage.reach(21 * 60 * SECOND)
  for (const { scheduler } of instances) expect(await scheduler.countExecutions()).toBeLessThan(2 * 60)
})

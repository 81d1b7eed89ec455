import { systemRuntime } from '@escapement/base'
import { beforeEach, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../src/error/store-unavailable-error.ts'
import { memoryStore } from '../../src/memory-store/memory-store.ts'
import type { JobStore } from '../../src/store/job-store.ts'
import type { NewExecution } from '../../src/store/plan-store.ts'
import type { ExecutionFilter } from '../../src/store/read-store.ts'
import type { BulkAction } from '../../src/store/upkeep-store.ts'
import { type BulkActs, runBulkAction } from '../../src/upkeep/bulk-runner.ts'

const NAMESPACE = 'default'
let now = 0
let store: JobStore
let retries = 0

beforeEach(() => {
  now = 1_000_000
  retries = 0
  store = memoryStore({ runtime: { ...systemRuntime, now: () => now } })
})

const execution = (number: number, job = 'mail.send'): NewExecution => ({
  id: `e-${String(number).padStart(3, '0')}`,
  job,
  revision: 1,
  origin: 'enqueued',
  dedupeKey: null,
  queue: 'default',
  priority: 0,
  scheduledFor: null,
  dueAt: null,
  delayMs: 0,
  startWithinMs: null,
  input: null,
  concurrencyKey: null,
  concurrencyLimit: null,
  isExclusive: false,
  ifOpen: 'wait',
  missed: null,
  isJudged: true,
  createdBy: null,
  traceparent: null,
})

const enqueue = async (count: number, job?: string): Promise<void> => {
  await store.enqueue(
    NAMESPACE,
    Array.from({ length: count }, (_, index) => execution(index, job)),
  )
}

async function begin(kind: BulkAction['kind'], filter: ExecutionFilter = {}): Promise<BulkAction> {
  const frozen = { ...filter, createdBefore: now }
  const action: BulkAction = {
    id: `bulk-${kind}`,
    kind,
    filter: JSON.stringify(frozen),
    status: 'running',
    total: await store.countExecutions(NAMESPACE, frozen, 10_000),
    done: 0,
    failed: 0,
    cursor: null,
    by: 'user:ada',
    createdAt: now,
    updatedAt: now,
  }
  await store.createBulkAction(NAMESPACE, action)
  now += 1
  return action
}

const storedActs = (): BulkActs => ({
  cancel: async (id, by) => void (await store.cancel(NAMESPACE, id, by)),
  retry: async (id, by) => void (await store.retry(NAMESPACE, id, `r-${++retries}`, by)),
  pause: async () => undefined,
})

const run = async (acts: BulkActs, signal: AbortSignal = new AbortController().signal): Promise<void> => {
  for (const action of await store.openBulkActions(NAMESPACE)) {
    await runBulkAction(store, NAMESPACE, action, acts, signal)
  }
}

const saved = async (kind: BulkAction['kind']): Promise<BulkAction | null> =>
  await store.bulkAction(NAMESPACE, `bulk-${kind}`)
const count = async (filter: ExecutionFilter): Promise<number> => await store.countExecutions(NAMESPACE, filter, 10_000)

test('cancels everything that matched when it began, and nothing that came later', async () => {
  await enqueue(120)
  await begin('cancel')
  await store.enqueue(NAMESPACE, [execution(999)])
  await run(storedActs())
  expect(await saved('cancel')).toMatchObject({ status: 'done', total: 120, done: 120, failed: 0 })
  expect(await count({ statuses: ['cancelled'] })).toBe(120)
  expect(await count({ statuses: ['scheduled'] })).toBe(1)
})

test('counts what could not be done and goes on', async () => {
  await enqueue(3)
  await begin('cancel')
  const acts = storedActs()
  await run({
    ...acts,
    cancel: async (id, by) => (id === 'e-001' ? Promise.reject(new Error('cannot')) : await acts.cancel(id, by)),
  })
  expect(await saved('cancel')).toMatchObject({ status: 'done', done: 2, failed: 1 })
})

test('goes on from the saved page after a crash, and counts every item once', async () => {
  await enqueue(120)
  await begin('cancel')
  let calls = 0
  const acts = storedActs()
  const crashing: BulkActs = {
    ...acts,
    cancel: async (id, by) => {
      if (++calls === 70) throw new StoreUnavailableError('away')
      await acts.cancel(id, by)
    },
  }
  await expect(run(crashing)).rejects.toThrow('away')
  expect(await saved('cancel')).toMatchObject({ status: 'running', done: 50 })
  now += 10_001
  await run(acts)
  expect(await saved('cancel')).toMatchObject({ status: 'done', done: 120, failed: 0 })
  expect(await count({ statuses: ['cancelled'] })).toBe(120)
})

test('retries nothing twice, although a page is done again after a crash and the first retries have ended', async () => {
  await enqueue(10)
  await begin('cancel')
  await run(storedActs())
  const action = await begin('retry', { statuses: ['cancelled'] })
  const acts = storedActs()
  let calls = 0
  const dying = new AbortController()
  const crashing: BulkActs = {
    ...acts,
    retry: async (id, by) => {
      await acts.retry(id, by)
      if (++calls === 6) dying.abort()
    },
  }
  await run(crashing, dying.signal)
  expect(await saved('retry')).toEqual(action)
  for (let number = 1; number <= 6; number++) await store.cancel(NAMESPACE, `r-${number}`, null)
  await run(acts)
  expect(await saved('retry')).toMatchObject({ status: 'done', total: 10, done: 10, failed: 0 })
  expect(await count({ origins: ['retry'] })).toBe(10)
})

test('pauses each job of what matched once', async () => {
  await enqueue(60, 'a.one')
  await store.enqueue(NAMESPACE, [{ ...execution(500), job: 'b.two' }])
  await begin('pause')
  const paused: unknown[] = []
  await run({ ...storedActs(), pause: async (job, by) => void paused.push([job, by]) })
  expect(paused).toEqual([
    ['a.one', 'user:ada'],
    ['b.two', 'user:ada'],
  ])
  expect(await saved('pause')).toMatchObject({ status: 'done', done: 61 })
})

test('stops where someone aborted it', async () => {
  await enqueue(120)
  await begin('cancel')
  const acts = storedActs()
  let calls = 0
  await run({
    ...acts,
    cancel: async (id, by) => {
      await acts.cancel(id, by)
      const action = await saved('cancel')
      if (++calls === 60 && action !== null) {
        await store.saveBulkAction(NAMESPACE, { ...action, status: 'aborted' }, action)
      }
    },
  })
  expect(await saved('cancel')).toMatchObject({ status: 'aborted', done: 50 })
  expect(calls).toBeLessThanOrEqual(100)
})

test('leaves an action to the instance that moved it last, and takes it over when that went silent', async () => {
  await enqueue(120)
  const action = await begin('cancel')
  const first = await store.executions(NAMESPACE, {}, { limit: 50, order: 'oldest' })
  await store.saveBulkAction(NAMESPACE, { ...action, cursor: first.next, done: 50, updatedAt: now }, action)
  const acts = storedActs()
  now += 9_000
  await run(acts)
  expect(await saved('cancel')).toMatchObject({ status: 'running', done: 50 })
  now += 2_000
  await run(acts)
  expect(await saved('cancel')).toMatchObject({ status: 'done', done: 120 })
})

test('of two that go on with one action only one counts', async () => {
  await enqueue(120)
  await begin('cancel')
  await Promise.all([run(storedActs()), run(storedActs())])
  expect(await saved('cancel')).toMatchObject({ status: 'done', done: 120, failed: 0 })
})

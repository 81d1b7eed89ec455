import type { ClaimedExecution, JobStore } from '@escapement/core'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { register, run, success } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** More than a claim pass scans in the order of a queue. */
const CROWD = 1_500

const folder = temporaryFolder()
let store: JobStore
let files = 0
let token = 0

beforeEach(async () => {
  store = sqliteStore(join(folder(), `wedge-${files++}.db`))
  await store.open()
})
afterEach(() => store.close())

async function crowd(given: Parameters<typeof run>[0]): Promise<void> {
  for (let at = 0; at < CROWD; at += 500)
    await store.enqueue(
      'n',
      Array.from({ length: 500 }, () => run(given)),
    )
}

async function claim(slots = 5, handlers = ['job', 'other']): Promise<readonly ClaimedExecution[]> {
  const queues = [{ queue: 'default', slots, prefetch: 0 }]
  const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers: new Set(handlers) }
  return (await store.claim('n', request)).executions
}

it('rule 20: an exclusive job with a crowd of higher priority does not hide other work', async () => {
  await register(store, 'n', 'i', [{ overlap: 'queue-all' }, { name: 'other' }])
  await crowd({ isExclusive: true, priority: 100 })
  await store.enqueue('n', [run({ job: 'other', priority: -100 })])
  expect((await claim()).map(({ job }) => job).toSorted()).toEqual(['job', 'other'])
})

it('rule 20: a crowd of one concurrency key does not hide another key', async () => {
  await register(store, 'n', 'i', [{ concurrencyLimit: 1 }])
  await crowd({ concurrencyKey: 'loud', concurrencyLimit: 1 })
  await store.enqueue('n', [run({ concurrencyKey: 'quiet', concurrencyLimit: 1 })])
  const claimed = await claim()
  expect(claimed.map(({ guardKey }) => guardKey).toSorted()).toEqual(['key:job:loud', 'key:job:quiet'])
})

it('rule 12: the crowd of a job does not hide the retry of its open execution, for which it waits', async () => {
  await register(store, 'n', 'i', [{ overlap: 'queue-all' }])
  await crowd({ isExclusive: true })
  const [first] = await claim(1)
  const settled = success(first as ClaimedExecution, 'i')
  await store.settle('n', [
    { ...settled, outcome: 'failed', status: 'scheduled', spends: 'retry', dueAt: await store.now() },
  ])
  expect((await claim(1)).map(({ id, attempt }) => [id, attempt])).toEqual([[first?.id, 2]])
})

it('rule 7: a crowd that nobody here has a handler for does not hide what this instance can run', async () => {
  await register(store, 'n', 'i', [{}, { name: 'other' }])
  await crowd({ priority: 100 })
  await store.enqueue('n', [run({ job: 'other' })])
  expect((await claim(5, ['other'])).map(({ job }) => job)).toEqual(['other'])
})

it('rule 13: a crowd of ticks of a paused job does not hide its enqueued runs', async () => {
  await register(store, 'n', 'i')
  await crowd({ origin: 'backfill', priority: 100 })
  await store.setPauses('n', { kind: 'job', name: 'job' }, [], [{ from: 0, until: null, by: null, note: null }])
  await store.enqueue('n', [run()])
  expect((await claim()).map(({ isTick }) => isTick)).toEqual([false])
})

it('rule 20: what was left for want of demand is said, and is taken by priority, then age', async () => {
  await register(store, 'n', 'i')
  const ids: Record<string, string> = {}
  for (const [name, priority] of [
    ['late', 0],
    ['low', -5],
    ['high', 7],
  ] as const) {
    const [result] = await store.enqueue('n', [run({ priority })])
    ids[name] = result?.id ?? ''
  }
  const queues = [{ queue: 'default', slots: 2, prefetch: 0 }]
  const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers: new Set(['job']) }
  const result = await store.claim('n', request)
  expect(result.executions.map(({ id }) => id)).toEqual([ids['high'], ids['late']])
  expect(result.hasMore).toBe(true)
  await store.settle(
    'n',
    result.executions.map((claimed) => success(claimed, 'i')),
  )
  expect((await claim()).map(({ id }) => id)).toEqual([ids['low']])
})

it('rule 12: what runs when its job becomes exclusive counts as open', async () => {
  await register(store, 'n', 'i')
  await store.enqueue('n', [run()])
  const [first] = await claim()
  const [state] = await store.jobStates('n', ['job'])
  const expected = { revision: 1, plannedUntil: state?.plannedUntil ?? 0 }
  const { spec } = await import('./job-stage.ts')
  const job = { spec: { ...spec, overlap: 'skip' as const }, hash: 'exclusive', version: null, hasHandler: true }
  await store.changeDefinitions('n', [{ job, expected, effectiveFrom: 1, nextTickAt: null }])
  await store.enqueue('n', [run({ isExclusive: true, revision: 2 })])
  expect(await claim()).toEqual([])
  await store.settle('n', [success(first as ClaimedExecution, 'i')])
  expect((await claim()).length).toBe(1)
})

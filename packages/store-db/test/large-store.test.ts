import { openSqlite, type SqliteDatabase } from '@escapement/db'
import { join } from 'node:path'
import type { ExecutionFilter, JobStore } from '@escapement/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dbStore } from '../src/index.ts'
import { register, run, success } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Executions in the store; `ROWS=1000000` tries the size that the design promises. */
const ROWS = Number(process.env['ROWS'] ?? 200_000)
const JOBS = 50
/** The promise is 10 ms on an idle machine; tests share theirs, so only another order of growth fails. */
const BOUND_MS = 60

const folder = temporaryFolder()
let database: SqliteDatabase
let store: JobStore

beforeAll(async () => {
  database = openSqlite({ file: join(folder(), 'large.db') })
  store = dbStore(database)
  await store.open()
  await register(
    store,
    'n',
    'i',
    Array.from({ length: JOBS }, (_, index) => ({ name: `job-${index}` })),
  )
  const now = Date.now()
  for (let at = 0; at < ROWS; at += 10_000) {
    await database.write((session) =>
      session.run(
        `WITH RECURSIVE c (n) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?1 + 10000)
         INSERT INTO escapement_executions (namespace, id, job, revision, origin, dedupe_key, status, queue, priority,
           scheduled_for, due_at, created_at, claimed_at, started_at, finished_at, instance, fence, attempt, is_ledger, is_tick,
           is_judged, is_catch_up, is_exclusive, if_open)
         SELECT 'n', printf('%08d', n), 'job-' || (n % ${JOBS}), 1, 'tick', 'tick:' || n,
           CASE WHEN n % 1000 = 0 THEN 'failed' WHEN n % 4 = 1 THEN 'scheduled' ELSE 'succeeded' END, 'default', n % 7,
           ?2 - n * 1000, ?2 - n * 1000, ?2 - n * 1000, 1, 1, CASE WHEN n % 4 = 1 THEN NULL ELSE ?2 - n * 1000 END,
           'i', 1, CASE WHEN n % 4 = 1 THEN 0 ELSE 1 END, 1, 1, 1, 1, 0, 'wait' FROM c`,
        [at, now],
      ),
    )
  }
}, 300_000)
afterAll(() => database.close())

/** The middle of five. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 7; round++) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return times.toSorted((a, b) => a - b)[3] as number
}

const filters: readonly [string, ExecutionFilter][] = [
  ['nothing', {}],
  ['a job', { jobs: ['job-7'] }],
  ['failures', { statuses: ['failed'] }],
  ['what waits', { statuses: ['scheduled'] }],
  ['a job and failures', { jobs: ['job-0'], statuses: ['failed', 'timed_out'] }],
  ['time', { from: Date.now() - 100_000_000, to: Date.now() - 50_000_000 }],
]

it.each(filters)(`rule 22: a page filtered by %s is bounded at any size`, async (_name, filter) => {
  let cursor: string | null = null
  const ms = await median(async () => {
    const page = await store.executions('n', filter, { limit: 50, cursor })
    expect(page.items.length).toBe(50)
    cursor = page.next
  })
  expect(ms).toBeLessThan(BOUND_MS)
})

it('rule 22: claiming from and settling into a large store is bounded', async () => {
  const handlers = new Set(Array.from({ length: JOBS }, (_, index) => `job-${index}`))
  let token = 0
  const ms = await median(async () => {
    const queues = [{ queue: 'default', slots: 20, prefetch: 0 }]
    const { executions } = await store.claim('n', {
      instance: 'i',
      token: ++token,
      isRepeat: false,
      queues,
      aheadMs: 0,
      handlers,
    })
    expect(executions.length).toBe(20)
    await store.settle(
      'n',
      executions.map((claimed) => success(claimed, 'i')),
    )
  })
  expect(ms).toBeLessThan(BOUND_MS)
})

it('rule 22: enqueueing, purging and upkeep take bounded steps in a large store', async () => {
  const before = database.statistics().longestBodyMs
  await store.enqueue(
    'n',
    Array.from({ length: 100 }, () => run({ job: 'job-1' })),
  )
  expect(await store.purge('n', Date.now() - (ROWS / 2) * 1_000, 2_000)).toBe(2_000)
  await store.recover('n', 100)
  await store.foldStats('n', 100)
  expect(Math.max(before, database.statistics().longestBodyMs)).toBeLessThan(2_000) // the filling wrote 10,000 rows at once
  expect(await median(() => store.purge('n', Date.now() - (ROWS / 2) * 1_000, 200))).toBeLessThan(BOUND_MS)
})

it('rule 21: statistics of a month of buckets are read in bounded time', async () => {
  const day = Math.floor(Date.now() / 86_400_000) * 86_400_000
  await database.write((session) => {
    for (let bucket = 0; bucket < 30 * 24; bucket++) {
      const key = ['n', 'job-1', day - bucket * 3_600_000, 3_600_000, '']
      session.run(
        `INSERT OR REPLACE INTO escapement_stats VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0, 0, 0, 5, 5, '{"3":1}', '{"3":1}')`,
        key,
      )
    }
  })
  const ms = await median(async () => {
    const records = await store.stats('n', { job: 'job-1', from: day - 31 * 86_400_000, to: day + 1 })
    expect(records.length).toBe(720)
  })
  expect(ms).toBeLessThan(BOUND_MS)
})

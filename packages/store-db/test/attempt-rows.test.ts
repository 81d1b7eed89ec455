import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ClaimedExecution, JobSpec, JobStore, Settlement } from '@escapement/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { register, run, success } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0
let store: JobStore
let database: DatabaseSync
let token: number

beforeEach(async () => {
  const file = join(folder(), `attempts-${files++}.db`)
  store = sqliteStore(file)
  await store.open()
  database = new DatabaseSync(file)
  token = 0
})

afterEach(async () => {
  database.close()
  await store.close()
})

async function begin(): Promise<ClaimedExecution> {
  const queues = [{ queue: 'default', slots: 1, prefetch: 0 }]
  const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers: new Set(['job']) }
  const [claimed] = (await store.claim('n', request)).executions
  return claimed as ClaimedExecution
}

const settle = async (claimed: ClaimedExecution, given: Partial<Settlement> = {}) =>
  (await store.settle('n', [{ ...success(claimed, 'i'), ...given }]))[0]?.result

/** An execution that failed once and then succeeded, one that succeeded with a log, one that did so without. */
async function settleThree(history: JobSpec['history']): Promise<readonly ClaimedExecution[]> {
  await register(store, 'n', 'i', [{ history }])
  await store.enqueue('n', [run(), run(), run()])
  const failed = await begin()
  await settle(failed, { outcome: 'failed', status: 'scheduled', spends: 'retry', dueAt: 0, history })
  const retried = await begin()
  expect(retried.id).toBe(failed.id)
  await settle(retried, { history })
  const logged = await begin()
  await settle(logged, { log: [{ at: 1, level: 'info', message: 'half' }], history })
  const plain = await begin()
  await settle(plain, { history })
  return [retried, logged, plain]
}

const rows = () =>
  database
    .prepare(
      `SELECT x.id, a.number, a.outcome FROM escapement_attempts a
       LEFT JOIN escapement_executions x ON x.seq = a.execution_seq ORDER BY a.execution_seq, a.number`,
    )
    .all()
    .map(({ id, number, outcome }) => [id, number, outcome])

it('only an attempt that says more than its execution has a row', async () => {
  const [retried, logged] = await settleThree('all')
  expect(rows()).toEqual([
    [retried?.id, 1, 'failed'],
    [logged?.id, 1, 'succeeded'],
  ])
})

it('attempts whose rows an earlier version wrote read the same, and are known when settled again', async () => {
  for (const one of await settleThree('all')) {
    const found = await store.execution('n', one.id)
    database
      .prepare(
        `INSERT INTO escapement_attempts SELECT seq, attempt, instance, fence, claimed_at, started_at, finished_at, status, error, NULL
         FROM escapement_executions WHERE id = ? ON CONFLICT DO NOTHING`,
      )
      .run(one.id)
    expect(await store.execution('n', one.id)).toEqual(found)
    expect(await settle(one)).toBe('repeated')
    expect(await settle({ ...one, fence: one.fence - 1n })).toBe('stale')
  }
  expect(rows().length).toBe(4)
})

it('rule 4: of attempts nothing is left once their executions are purged', async () => {
  await settleThree('all')
  expect(await store.purge('n', Number.MAX_SAFE_INTEGER, 10)).toBe(3)
  expect(rows()).toEqual([])
})

it('rule 4: of attempts nothing is left once their executions are more than their job keeps', async () => {
  await settleThree({ keep: 1 })
  expect(await store.countExecutions('n', {}, 10)).toBe(1)
  expect(rows()).toEqual([])
})

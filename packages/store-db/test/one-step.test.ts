import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { register, run, success } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()

it('rule 5: a plan whose insert fails has moved no cursor', async () => {
  await using store = sqliteStore(join(folder(), 'plan.db'))
  await store.open()
  await register(store, 'n', 'i')
  const entry = {
    job: 'job',
    expected: { plannedUntil: 0, pauses: [], revision: 1 },
    plannedUntil: 2_000,
    nextTickAt: 3_000,
    spans: [],
    fold: [],
    keep: [],
    pauses: [],
  }
  const tick = run({ origin: 'tick', dedupeKey: 'tick:1000', scheduledFor: 1_000, dueAt: 1_000, isJudged: false })
  const unstorable = { ...tick, priority: 'high' as unknown as number }
  await expect(store.plan('n', [{ ...entry, executions: [unstorable] }])).rejects.toThrow(/TEXT/)
  expect((await store.jobStates('n', ['job']))[0]).toMatchObject({ plannedUntil: 0 })
  expect(await store.plan('n', [{ ...entry, executions: [tick] }])).toEqual(['planned'])
  expect((await store.jobStates('n', ['job']))[0]).toMatchObject({ plannedUntil: 2_000 })
})

it('rule 3: another word on an attempt that has settled changes no verdict', async () => {
  await using store = sqliteStore(join(folder(), 'verdict.db'))
  await store.open()
  await register(store, 'n', 'i')
  await store.enqueue('n', [run({ id: 'once' })])
  const { executions } = await store.claim('n', {
    instance: 'i',
    token: 1,
    isRepeat: false,
    aheadMs: 0,
    queues: [{ queue: 'default', slots: 1, prefetch: 0 }],
    handlers: new Set(['job']),
  })
  const [claimed] = executions
  if (claimed === undefined) throw new Error('nothing was claimed')
  const first = success(claimed, 'i')
  await store.settle('n', [first])
  const other = { ...first, outcome: 'failed', status: 'failed', reason: 'exhausted' } as const
  expect(await store.settle('n', [other])).toMatchObject([{ status: 'succeeded' }])
  expect((await store.execution('n', 'once'))?.execution).toMatchObject({ status: 'succeeded', reason: null })
})

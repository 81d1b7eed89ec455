import type { ClaimedExecution, NewExecution, Settlement } from '@escapement/core'
import { statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { register, run, success } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

describeOnServers(['postgres'], ({ url }) => {
  const open = openerFor('postgres')
  let context: ServerContext
  let store: StoreRoles
  let watcher: Client
  let token = 0
  beforeAll(async () => {
    context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    store = serverRoles(context)
    watcher = new Client({ connectionString: url() })
    await watcher.connect()
  })
  afterAll(() => watcher.end())

  /** Executions of a namespace of their own that an instance has begun, the first enqueued first. */
  async function claimed(namespace: string, executions: readonly Partial<NewExecution>[]): Promise<ClaimedExecution[]> {
    const jobs = [...new Set(executions.map(({ job = 'job' }) => job))]
    await register(
      store,
      namespace,
      'i',
      jobs.map((name) => ({ name })),
    )
    for (const given of executions) await store.enqueue(namespace, [run(given)])
    const queues = [{ queue: 'default', slots: executions.length, prefetch: 0 }]
    const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers: new Set(jobs) }
    const found = (await store.claim(namespace, request)).executions
    expect(found).toHaveLength(executions.length)
    return [...found]
  }

  const isAnyWaiting = async (): Promise<boolean> => {
    const { rows } = await watcher.query(`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`)
    return rows.length > 0
  }

  /** Settles while somebody holds `held`, and looks whether `free` can still be locked when the settlement waits. */
  async function settleBehind(
    namespace: string,
    settlements: readonly Settlement[],
    [held, free]: readonly [string, string],
  ): Promise<void> {
    await watcher.query('BEGIN')
    let settling: Promise<unknown> | undefined
    try {
      expect((await watcher.query(`${held} FOR UPDATE`)).rows).toHaveLength(1)
      settling = store.settle(namespace, settlements)
      await vi.waitUntil(isAnyWaiting, { timeout: 10_000 })
      expect((await watcher.query(`${free} FOR UPDATE NOWAIT`)).rows).toHaveLength(1)
    } finally {
      await watcher.query('ROLLBACK')
      await settling
    }
  }

  const failed = { outcome: 'failed', status: 'failed', error: { name: 'Error', message: 'refused' } } as const
  it.each<[string, Partial<Settlement>, Partial<Settlement>]>([
    ['all succeed', {}, {}],
    ['all succeed and leave no row', { history: 'none' }, { history: 'none' }],
    ['some leave no row', { history: 'none' }, {}],
    ['one fails', failed, {}],
    ['the newest are kept', { history: { keep: 1 } }, {}],
  ])('settling locks executions in their order, as all others do, when %s', async (namespace, ofFirst, ofSecond) => {
    const [first, second] = (await claimed(namespace, [{}, {}])) as [ClaimedExecution, ClaimedExecution]
    const rowOf = ({ id }: ClaimedExecution): string =>
      `SELECT 1 FROM ${context.tables.unsettled} WHERE namespace = '${namespace}' AND id = '${id}'`
    await settleBehind(
      namespace,
      [
        { ...success(second, 'i'), ...ofSecond },
        { ...success(first, 'i'), ...ofFirst },
      ],
      [rowOf(first), rowOf(second)],
    )
    const { rows } = await context.run(statement(rowOf(first)))
    expect(rows).toEqual([])
  })

  it('settling locks spans in the order of jobs, in whatever order their ticks have ended', async () => {
    const namespace = 'spans'
    const tick = (job: string, scheduledFor: number): Partial<NewExecution> => {
      return { job, origin: 'tick', dedupeKey: `tick:${scheduledFor}`, scheduledFor, dueAt: scheduledFor }
    }
    const [a, b, nextA, nextB] = (await claimed(namespace, [
      tick('a', 1_000),
      tick('b', 1_001),
      tick('a', 2_000),
      tick('b', 2_001),
    ])) as [ClaimedExecution, ClaimedExecution, ClaimedExecution, ClaimedExecution]
    const passing = (one: ClaimedExecution): Settlement => ({ ...success(one, 'i'), history: 'none' })
    await store.settle(namespace, [passing(a), passing(b)])
    const rowOf = (job: string): string =>
      `SELECT 1 FROM ${context.tables.spans} WHERE namespace = '${namespace}' AND job = '${job}'`
    await settleBehind(namespace, [passing(nextB), passing(nextA)], [rowOf('a'), rowOf('b')])
    const { rows } = await context.run<{ n: unknown }>(
      statement(`SELECT SUM(count) AS n FROM ${context.tables.spans} WHERE namespace = :namespace`),
      { namespace },
    )
    expect(Number(rows[0]?.n)).toBe(4)
  })

  it.each<[string, string, 'all' | 'none', object]>([
    ['asked to cancel', 'cancel_requested_at = 7', 'all', { result: 'settled', status: 'succeeded' }],
    ['asked to cancel', 'cancel_requested_at = 7', 'none', { result: 'settled', status: 'succeeded' }],
    ['reported on', 'progress = 7', 'all', { result: 'settled', status: 'succeeded' }],
    ['granted anew', 'fence = fence + 1', 'all', { result: 'stale', status: null }],
    ['granted anew', 'fence = fence + 1', 'none', { result: 'stale', status: null }],
    ['taken back', `status = 'scheduled'`, 'all', { result: 'stale', status: null }],
  ])(
    'rules 3 and 16: what is %s while its settlement waits (%s) is settled by its newest state, history %s',
    async (_, change, history, expected) => {
      const namespace = `meanwhile ${change} ${history}`
      const [one] = (await claimed(namespace, [{}])) as [ClaimedExecution]
      await watcher.query('BEGIN')
      await watcher.query(`UPDATE ${context.tables.unsettled} SET ${change} WHERE namespace = $1`, [namespace])
      const settling = store.settle(namespace, [{ ...success(one, 'i'), history }])
      await vi.waitUntil(isAnyWaiting, { timeout: 10_000 })
      await watcher.query('COMMIT')
      expect(await settling).toEqual([{ executionId: one.id, ...expected }])
      const { rows } = await watcher.query(
        `SELECT x.finished_at IS NULL AS is_unsettled, x.cancel_requested_at::int AS cancelled, x.progress, u.seq IS NULL AS is_gone
          FROM ${context.tables.executions} AS x LEFT JOIN ${context.tables.unsettled} AS u ON u.seq = x.seq WHERE x.namespace = $1`,
        [namespace],
      )
      const isStale = 'status' in expected && expected.status === null
      const left = {
        is_unsettled: isStale,
        is_gone: !isStale,
        cancelled: change.startsWith('cancel') ? 7 : null,
        progress: change.startsWith('progress') ? 7 : null,
      }
      expect(rows).toEqual(isStale || history === 'all' ? [left] : [])
    },
  )
})

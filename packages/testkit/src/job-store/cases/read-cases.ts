import { strict as assert } from 'node:assert'
import type { ExecutionFilter } from '@escapement/core'
import { turn } from '../../runtime/timeline.ts'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf, type StoreStage } from '../store-stage.ts'

async function allPages(
  stage: StoreStage,
  filter: ExecutionFilter,
  limit: number,
  order?: 'newest' | 'oldest',
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof stage.store.executions>> = await stage.store.executions(
      stage.namespace,
      filter,
      { limit, cursor, ...(order === undefined ? {} : { order }) },
    )
    ids.push(...idsOf(page.items))
    cursor = page.next
  } while (cursor !== null)
  return ids
}

/** Pages, filters, search, backlog, hints. */
export const readCases: readonly JobStoreCase[] = [
  storeCase(
    [],
    'pages go by nominal time, then id, newest first unless asked otherwise, and miss nothing',
    async (stage) => {
      await stage.job()
      const ids: string[] = []
      for (let minute = 0; minute < 5; minute++) {
        ids.push(...(await stage.enqueueMany(5))) // five of one instant
        await stage.pass(60_000)
      }
      assert.deepEqual(await allPages(stage, {}, 3, 'oldest'), ids)
      assert.deepEqual(await allPages(stage, {}, 4), ids.toReversed())
      assert.deepEqual(await allPages(stage, {}, 25), ids.toReversed())
      const page = await stage.store.executions(stage.namespace, {}, { limit: 25, cursor: null })
      assert.equal(page.next, null)
    },
  ),

  storeCase([], 'pages are stable while rows come and go', async (stage) => {
    await stage.job()
    const ids = await stage.enqueueMany(10)
    const first = await stage.store.executions(stage.namespace, {}, { limit: 4 })
    await stage.pass(1_000)
    await stage.enqueueMany(3) // newer ones
    await stage.store.cancel(stage.namespace, ids[6] ?? '', null)
    await stage.store.purge(stage.namespace, stage.now() + 1, 10)
    const second = await stage.store.executions(stage.namespace, {}, { limit: 10, cursor: first.next })
    assert.deepEqual(idsOf([...first.items, ...second.items]), ids.toReversed())
  }),

  storeCase([], 'each filter finds what it says, and filters add up', async (stage) => {
    await stage.job({ labels: ['money', 'nightly'] })
    await stage.job({ name: 'other', queue: 'mail', labels: ['nightly'] })
    await stage.instance('a')
    await stage.instance('b')
    const at = stage.now()
    const [tick] = await stage.plan('report', [at + 1_000])
    assert.ok(tick)
    const keyed = await stage.enqueue({ job: 'other', dedupeKey: 'key:order-1', delayMs: 60_000 })
    await stage.pass(1_000)
    const claimed = await stage.claimOne('a')
    assert.equal(claimed.id, tick)
    const run = await stage.enqueue()
    const ahead = await stage.claimOne('b', { slots: 0, prefetch: 1 })
    const cases: [ExecutionFilter, string[]][] = [
      [{}, [tick, keyed.id, run.id]],
      [{ jobs: ['report'] }, [tick, run.id]],
      [{ jobs: ['report', 'other'] }, [tick, keyed.id, run.id]],
      [{ jobs: ['REPORT'] }, []],
      [{ jobs: [] }, []],
      [{ statuses: ['running'] }, [tick]],
      [{ statuses: ['scheduled'] }, [keyed.id, run.id]],
      [{ statuses: ['running', 'scheduled'] }, [tick, keyed.id, run.id]],
      [{ origins: ['tick'] }, [tick]],
      [{ queues: ['mail'] }, [keyed.id]],
      [{ instances: ['a'] }, [tick]],
      [{ instances: ['b'] }, [ahead.id]],
      [{ labels: ['money'] }, [tick, run.id]],
      [{ labels: ['money', 'nightly'] }, [tick, keyed.id, run.id]],
      [{ labels: ['night'] }, []],
      [{ ids: [run.id, keyed.id, 'unknown'] }, [keyed.id, run.id]],
      [{ from: at + 1_000 }, [tick, run.id]],
      [{ to: at + 1_000 }, [keyed.id]],
      [{ from: at, to: at + 1_001 }, [tick, keyed.id, run.id]],
      [{ createdBefore: at }, [tick, keyed.id]],
      [{ key: 'order-1' }, [keyed.id]],
      [{ key: 'order' }, []],
      [{ jobs: ['report'], statuses: ['scheduled'] }, [run.id]],
      [{ jobs: ['other'], statuses: ['running'] }, []],
    ]
    for (const [filter, expected] of cases) {
      const { items } = await stage.store.executions(stage.namespace, filter, { limit: 100 })
      assert.deepEqual(new Set(idsOf(items)), new Set(expected), JSON.stringify(filter))
      assert.equal(
        await stage.store.countExecutions(stage.namespace, filter, 100),
        expected.length,
        JSON.stringify(filter),
      )
    }
    assert.equal(await stage.store.countExecutions(stage.namespace, {}, 2), 2)
    await stage.settle('b', ahead)
    assert.deepEqual(
      idsOf((await stage.store.executions(stage.namespace, { statuses: ['succeeded'] }, { limit: 9 })).items),
      [run.id],
    )
  }),

  storeCase(
    [],
    'search finds text in job, key, id, input and error message, taken literally, ASCII in either case',
    async (stage) => {
      await stage.job()
      await stage.job({ name: 'invoices.send' })
      await stage.instance('a')
      const job = await stage.enqueue({ job: 'invoices.send', delayMs: 1 })
      const key = await stage.enqueue({ dedupeKey: 'key:Order-77', delayMs: 1 })
      const input = await stage.enqueue({ input: '{"path":"C:\\\\50%_off [x]","city":"Zürich"}', delayMs: 1 })
      const failed = await stage.enqueue()
      await stage.settle('a', await stage.claimOne('a'), {
        outcome: 'failed',
        status: 'failed',
        error: { name: 'Error', message: 'Connection REFUSED by upstream' },
      })
      const searches: [string, string[]][] = [
        ['invoices', [job.id]],
        ['INVOICES.S', [job.id]],
        ['order-77', [key.id]],
        ['refused BY', [failed.id]],
        ['50%_off', [input.id]],
        ['[x]', [input.id]],
        ['Zürich', [input.id]],
        [key.id, [key.id]],
        ['%', [input.id]],
        ['5_%', []],
        ['.*', []],
        ["'", []],
      ]
      for (const [search, expected] of searches) {
        const { items } = await stage.store.executions(stage.namespace, { search }, { limit: 100 })
        assert.deepEqual(new Set(idsOf(items)), new Set(expected), search)
      }
    },
  ),

  storeCase(
    [],
    'jobs are found by name, queue, label and text; system and retired ones only when asked for',
    async (stage) => {
      await stage.job({ name: 'b.mail', queue: 'mail', labels: ['x'] })
      await stage.job({ name: 'a.report' })
      await stage.job({ name: 'c.retired' })
      await stage.job({ name: 'escapement.purge', isSystem: true })
      await stage.store.retire(stage.namespace, 'c.retired')
      const found = async (filter: Parameters<typeof stage.store.jobs>[1]) =>
        (await stage.store.jobs(stage.namespace, filter, { limit: 10 })).items.map(({ name }) => name).toSorted()
      assert.deepEqual(await found({}), ['a.report', 'b.mail'])
      assert.deepEqual(await found({ includeSystem: true }), ['a.report', 'b.mail', 'escapement.purge'])
      assert.deepEqual(await found({ includeRetired: true }), ['a.report', 'b.mail', 'c.retired'])
      assert.deepEqual(await found({ names: ['a.report', 'c.retired'] }), ['a.report'])
      assert.deepEqual(await found({ queues: ['mail'] }), ['b.mail'])
      assert.deepEqual(await found({ labels: ['x', 'y'] }), ['b.mail'])
      assert.deepEqual(await found({ search: 'REP' }), ['a.report'])
      const first = await stage.store.jobs(stage.namespace, {}, { limit: 1 })
      const second = await stage.store.jobs(stage.namespace, {}, { limit: 1, cursor: first.next })
      assert.deepEqual(
        new Set([...first.items, ...second.items].map(({ name }) => name)),
        new Set(['a.report', 'b.mail']),
      )
      assert.equal(second.next, null)
    },
  ),

  storeCase([19], 'readers learn what a scheduled execution waits for', async (stage) => {
    await stage.job()
    await stage.job({ name: 'exclusive', overlap: 'queue-all' })
    await stage.job({ name: 'orphan' })
    await stage.instance('a', { jobs: ['report', 'exclusive'] })
    const waitsFor = async (id: string) => (await stage.execution(id)).waitingFor
    const later = await stage.enqueue({ delayMs: 1_000 })
    assert.equal(await waitsFor(later.id), 'time')
    const orphan = await stage.enqueue({ job: 'orphan' })
    assert.equal(await waitsFor(orphan.id), 'handler')
    await stage.enqueue({ job: 'exclusive' })
    const running = await stage.claimOne('a', { jobs: ['exclusive'] })
    assert.equal(await waitsFor(running.id), null)
    const turnless = await stage.enqueue({ job: 'exclusive' })
    assert.equal(await waitsFor(turnless.id), 'overlap')
    const due = await stage.enqueue()
    assert.equal(await waitsFor(due.id), 'slot')
    const pause = { from: stage.now(), until: null, by: null, note: null }
    await stage.store.setPauses(stage.namespace, { kind: 'queue', name: 'default' }, [], [pause])
    assert.equal(await waitsFor(due.id), 'pause')
    await stage.settleForRetry('a', running)
    assert.equal(await waitsFor(running.id), 'retry')
  }),

  storeCase(
    [],
    'the backlog counts by queue what is due and what runs, and how long the oldest has waited',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      const backlog = async (queue: string) => {
        const found = (await stage.store.backlog(stage.namespace)).find((one) => one.queue === queue)
        return found === undefined ? [0, 0, 0] : [found.due, found.running, found.oldestDueMs]
      }
      assert.deepEqual(await backlog('default'), [0, 0, 0])
      await stage.enqueueMany(3)
      await stage.enqueue({ delayMs: 60_000 })
      await stage.enqueue({ queue: 'mail' })
      await stage.plan('report', [stage.now() + 200])
      await stage.pass(500)
      assert.deepEqual(await backlog('default'), [4, 0, 500])
      assert.deepEqual(await backlog('mail'), [1, 0, 500])
      await stage.claim('a', { slots: 3 })
      assert.deepEqual((await backlog('default'))[1], 3)
    },
  ),

  storeCase([7], 'jobs with due work that no live instance has a handler for are stranded', async (stage) => {
    await stage.job()
    await stage.job({ name: 'orphan' })
    await stage.job({ name: 'idle' })
    await stage.instance('a', { jobs: ['report'] })
    await stage.enqueue()
    await stage.enqueue({ job: 'orphan' })
    await stage.enqueue({ job: 'idle', delayMs: 1_000_000 })
    assert.deepEqual(await stage.store.stranded(stage.namespace, 10), ['orphan'])
    assert.deepEqual(await stage.store.stranded(stage.namespace, 0), [])
    await stage.store.removeInstance(stage.namespace, 'a')
    assert.deepEqual(new Set(await stage.store.stranded(stage.namespace, 10)), new Set(['orphan', 'report']))
  }),

  storeCase([], 'instances are listed with their lease and what they run', async (stage) => {
    await stage.job()
    const at = stage.now()
    await stage.instance('a')
    await stage.pass(10_000)
    await stage.heartbeat('a')
    await stage.enqueueMany(2)
    await stage.claim('a', { slots: 1, prefetch: 1 })
    const [a] = await stage.store.instances(stage.namespace)
    assert.deepEqual(a, {
      id: 'a',
      name: 'a',
      version: null,
      startedAt: at,
      heartbeatAt: at + 10_000,
      leaseUntil: at + 40_000,
      isAlive: true,
      running: 1,
    })
    await stage.pass(30_001)
    await stage.store.recover(stage.namespace, 10)
    assert.notEqual((await stage.store.instances(stage.namespace)).find(({ id }) => id === 'a')?.isAlive, true)
  }),

  storeCase([4], 'executions of ticks come oldest first and without runs or replacements', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now()
    const ids = await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
    await stage.enqueue({ delayMs: 1_500 })
    await stage.pass(1_000)
    await stage.settle('a', await stage.claimOne('a'), { outcome: 'failed', status: 'failed' })
    await stage.store.retry(stage.namespace, ids[0] ?? '', stage.runtime.id(), null)
    const read = async (from: number, to: number, limit: number) =>
      idsOf(await stage.store.tickExecutions(stage.namespace, 'report', from, to, limit))
    assert.deepEqual(await read(at, at + 5_000, 10), ids)
    assert.deepEqual(await read(at + 2_000, at + 2_000, 10), [ids[1]])
    assert.deepEqual(await read(at, at + 5_000, 2), ids.slice(0, 2))
  }),

  storeCase(
    [23],
    'a store that says it notifies calls its listeners soon after a change, until they leave',
    async (stage) => {
      if (!stage.store.capabilities.notify) return // the scheduler polls then
      await stage.job()
      const hints: number[] = []
      const subscription = stage.store.subscribe(stage.namespace, () => void hints.push(stage.now()))
      await stage.enqueue()
      for (let wait = 0; wait < 200 && hints.length === 0; wait++) {
        await stage.pass(10)
        await turn() // where another process or thread must answer, it needs real turns too
      }
      assert.notEqual(hints.length, 0)
      subscription[Symbol.dispose]()
      hints.length = 0
      await stage.enqueue()
      await stage.pass(1_000)
      assert.deepEqual(hints, [])
    },
  ),

  storeCase(
    [9],
    'the time of the store is the time of its runtime; opening and closing twice does no harm',
    async (stage) => {
      assert.equal(await stage.store.now(), stage.now())
      await stage.pass(1_234)
      assert.equal(await stage.store.now(), stage.now())
      await stage.store.open()
      await stage.store.close()
      await stage.store.close()
    },
  ),
]

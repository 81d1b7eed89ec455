import { strict as assert } from 'node:assert'
import type { BulkAction } from '@escapement/core'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf, LEASE_MS } from '../store-stage.ts'

const DAY = 86_400_000

/** Leases and their end, purge, statistics of long ago, settings, bulk actions. */
export const upkeepCases: readonly JobStoreCase[] = [
  storeCase(
    [15],
    'a heartbeat renews all that an instance holds; without it the lease ends and the work is given back',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.instance('b')
      const { id } = await stage.enqueue()
      const claimed = await stage.claimOne('a')
      for (let beat = 0; beat < 4; beat++) {
        await stage.pass(LEASE_MS - 1)
        const { isAlive, lost, now } = await stage.heartbeat('a', [claimed])
        assert.deepEqual([isAlive, lost, now], [true, [], stage.now()])
        await stage.heartbeat('b')
        assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
      }
      await stage.pass(LEASE_MS - 1)
      assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
      await stage.heartbeat('b')
      await stage.pass(2)
      assert.deepEqual(await stage.store.recover(stage.namespace, 10), [
        { executionId: id, job: 'report', instance: 'a', status: 'scheduled', wasStarted: true },
      ])
      assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
      const { execution, attempts } = await stage.found(id)
      assert.deepEqual([execution.status, execution.interruptions, execution.retries], ['scheduled', 1, 0])
      assert.deepEqual(
        attempts.map(({ outcome, finishedAt }) => [outcome, finishedAt]),
        [['interrupted', stage.now()]],
      )
      const again = await stage.claimOne('b')
      assert.deepEqual([again.id, again.attempt], [id, 2])
      assert.ok(again.fence > claimed.fence)
    },
  ),

  storeCase([3, 15], 'a late result is accepted while nobody was given the work, refused afterwards', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueueMany(2)
    const [first, second] = await stage.claim('a')
    assert.ok(first && second)
    await stage.pass(LEASE_MS + 1)
    assert.equal((await stage.settle('a', first)).result, 'settled')
    await stage.store.recover(stage.namespace, 10)
    assert.equal((await stage.settle('a', second)).result, 'stale')
  }),

  storeCase([15], 'an instance whose lease has ended takes nothing until it renews it', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    await stage.pass(LEASE_MS + 1)
    assert.deepEqual(await stage.claim('a'), [])
    assert.equal((await stage.heartbeat('a')).isAlive, true)
    assert.equal((await stage.claim('a')).length, 1)
  }),

  storeCase(
    [14],
    'what a dead instance had not started spends nothing; after three interruptions it has crashed',
    async (stage) => {
      await stage.job()
      const { id } = await stage.enqueue()
      await stage.instance('ahead')
      await stage.claimOne('ahead', { slots: 0, prefetch: 1 })
      await stage.pass(LEASE_MS + 1)
      assert.deepEqual(
        (await stage.store.recover(stage.namespace, 10)).map(({ wasStarted }) => wasStarted),
        [false],
      )
      assert.deepEqual((await stage.found(id)).attempts, [])
      for (const [instance, status] of [
        ['a', 'scheduled'],
        ['b', 'scheduled'],
        ['c', 'failed'],
      ] as const) {
        await stage.instance(instance)
        await stage.claimOne(instance)
        await stage.pass(LEASE_MS + 1)
        assert.deepEqual(
          (await stage.store.recover(stage.namespace, 10)).map((one) => one.status),
          [status],
        )
      }
      const { execution, attempts } = await stage.found(id)
      assert.deepEqual([execution.reason, execution.interruptions, execution.retries], ['crashed', 3, 0])
      assert.equal(attempts.length, 3)
      const [stats] = (await stage.store.stats(stage.namespace, { job: null, from: 0, to: stage.now() + 1 })).slice(-1)
      assert.deepEqual([stats?.failed, stats?.interruptions], [1, 1])
    },
  ),

  storeCase(
    [17],
    'an abandoned execution of a dead instance spends a retry, or is timed out when none is left',
    async (stage) => {
      const backoff = { kind: 'fixed', delayMs: 1_000, jitter: 'none' } as const
      await stage.job({ retry: { limit: 1, backoff, until: 'exhausted' } })
      const { id } = await stage.enqueue()
      const abandon = async (instance: string): Promise<void> => {
        await stage.instance(instance)
        const claimed = await stage.claimOne(instance)
        const given = { outcome: 'timed_out', status: 'running', abandonedAt: stage.now() } as const
        await stage.settle(instance, claimed, given)
        await stage.pass(LEASE_MS + 1)
        await stage.store.recover(stage.namespace, 10)
      }
      await abandon('a')
      const waiting = await stage.execution(id)
      assert.deepEqual([waiting.status, waiting.retries, waiting.interruptions], ['scheduled', 1, 0])
      await abandon('b')
      const { execution, attempts } = await stage.found(id)
      assert.deepEqual([execution.status, execution.reason], ['timed_out', 'abandoned'])
      assert.deepEqual(
        attempts.map(({ outcome }) => outcome),
        ['timed_out', 'timed_out'],
      )
    },
  ),

  storeCase([4], 'a span that has grown is purged by its end, not by its beginning', async (stage) => {
    await stage.job()
    const at = stage.now()
    for (const [from, to] of [
      [1, 2],
      [3, 9],
    ] as const) {
      const span = { job: 'report', revision: 1, from: at + from, to: at + to, count: 2, reason: 'misfire' } as const
      await stage.store.plan(stage.namespace, [await stage.entry('report', { spans: [span], plannedUntil: at + to })])
    }
    assert.equal(await stage.store.purge(stage.namespace, at + 5, 10), 0)
    assert.deepEqual(
      (await stage.spans()).map(({ from, count }) => [from, count]),
      [[at + 1, 4]],
    )
    assert.equal(await stage.store.purge(stage.namespace, at + 10, 10), 1)
  }),

  storeCase([14, 18], 'at most once fails, a request to cancel is fulfilled, by recovery', async (stage) => {
    await stage.job()
    await stage.job({ name: 'once', onInterrupt: 'fail' })
    await stage.instance('a')
    const once = await stage.enqueue({ job: 'once' })
    const asked = await stage.enqueue()
    await stage.claim('a')
    await stage.store.cancel(stage.namespace, asked.id, 'user:ada')
    await stage.pass(LEASE_MS + 1)
    await stage.store.recover(stage.namespace, 10)
    const { status, reason } = await stage.execution(once.id)
    assert.deepEqual([status, reason], ['failed', 'interrupted'])
    assert.equal((await stage.execution(asked.id)).status, 'cancelled')
  }),

  storeCase(
    [15],
    'recovery is bounded and goes on where it ended; work of a removed instance is given back too',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.instance('b')
      await stage.enqueueMany(6)
      await stage.claim('a', { slots: 6 })
      await stage.store.removeInstance(stage.namespace, 'a')
      await stage.store.removeInstance(stage.namespace, 'a')
      const counts = []
      for (let turn = 0; turn < 3; turn++) counts.push((await stage.store.recover(stage.namespace, 4)).length)
      assert.deepEqual(counts, [4, 2, 0])
      assert.equal((await stage.claim('b')).length, 6)
    },
  ),

  storeCase([14, 20], 'a dead instance wedges no exclusive job once it is recovered', async (stage) => {
    await stage.job({ overlap: 'skip' })
    await stage.instance('a')
    await stage.enqueue()
    const dead = await stage.claimOne('a')
    await stage.pass(LEASE_MS + 1)
    await stage.instance('b')
    assert.deepEqual(await stage.claim('b'), [])
    await stage.store.recover(stage.namespace, 10)
    const claimed = await stage.claimOne('b')
    assert.equal(claimed.id, dead.id)
    assert.ok(claimed.guardFence > dead.guardFence)
  }),

  storeCase(
    [15],
    'a heartbeat tells what belongs to someone else, and gives back what the instance does not know of',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueueMany(4)
      const [kept, forgotten] = await stage.claim('a', { slots: 2, token: 1 })
      const [ahead] = await stage.claim('a', { slots: 0, prefetch: 1, token: 2 })
      const [inFlight] = await stage.claim('a', { slots: 1, token: 3 })
      assert.ok(kept && forgotten && ahead && inFlight)
      const stranger = { ...kept, fence: kept.fence - 1n }
      const beat = await stage.heartbeat('a', [kept, { ...stranger, id: stage.runtime.id() }], 2)
      assert.equal(beat.lost.length, 1)
      assert.deepEqual(
        (await stage.found(forgotten.id)).attempts.map(({ outcome }) => outcome),
        ['interrupted'],
      )
      assert.deepEqual((await stage.found(ahead.id)).attempts, [])
      assert.equal((await stage.execution(inFlight.id)).status, 'running')
      assert.equal((await stage.execution(kept.id)).status, 'running')
      assert.deepEqual(new Set(idsOf(await stage.claim('a', { token: 4 }))), new Set([forgotten.id, ahead.id]))
    },
  ),

  storeCase(
    [4, 21],
    'purge deletes what ended before the time, in bounded steps; what is open, newer or counted stays',
    async (stage) => {
      await stage.job()
      await stage.instance('a', { leaseMs: 10 * DAY })
      const at = stage.now()
      const span = { job: 'report', revision: 1, from: at + 1, to: at + 2, count: 2, reason: 'misfire' } as const
      await stage.store.plan(stage.namespace, [await stage.entry('report', { spans: [span], plannedUntil: at + 3 })])
      await stage.enqueueMany(5)
      for (const claimed of await stage.claim('a')) await stage.settle('a', claimed)
      const waiting = await stage.enqueue({ delayMs: 5 * DAY })
      await stage.pass(DAY)
      const recent = await stage.enqueue({ dedupeKey: 'key:k' })
      await stage.settle('a', await stage.claimOne('a'))
      const limitBefore = stage.now()
      const counts = []
      for (let turn = 0; turn < 4; turn++) counts.push(await stage.store.purge(stage.namespace, limitBefore, 4))
      assert.deepEqual(counts, [4, 2, 0, 0])
      assert.deepEqual(await stage.spans(), [])
      const { items } = await stage.store.executions(stage.namespace, {}, { limit: 10, order: 'oldest' })
      assert.deepEqual(new Set(idsOf(items)), new Set([waiting.id, recent.id]))
      const stats = await stage.store.stats(stage.namespace, { job: 'report', from: 0, to: stage.now() + 1 })
      assert.equal(
        stats.reduce((sum, { succeeded }) => sum + succeeded, 0),
        6,
      )
      assert.equal(await stage.store.purge(stage.namespace, limitBefore + 1, 4), 1)
      assert.equal((await stage.enqueue({ dedupeKey: 'key:k' })).existing, false)
      assert.equal((await stage.state('report')).plannedUntil, at + 3) // the cursor is never purged
    },
  ),

  storeCase([21], 'old statistics fold into wider buckets and lose nothing', async (stage) => {
    await stage.job()
    await stage.instance('a', { leaseMs: 100 * DAY })
    const from = stage.now()
    for (let minute = 0; minute < 3; minute++) {
      await stage.enqueue()
      const claimed = await stage.claimOne('a')
      await stage.pass(60_000)
      await stage.settle('a', claimed)
    }
    const sums = async () => {
      const records = await stage.store.stats(stage.namespace, { job: 'report', from, to: stage.now() + 1 })
      const sum = (of: (record: (typeof records)[number]) => number): number =>
        records.reduce((total, record) => total + of(record), 0)
      const histogram = sum(({ duration }) => Object.values(duration).reduce((a, b) => a + b, 0))
      return { buckets: records.length, of: [sum((r) => r.succeeded), sum((r) => r.durationSumMs), histogram] }
    }
    const fold = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn++) if ((await stage.store.foldStats(stage.namespace, 2)) === 0) return
      assert.fail('folding comes to an end')
    }
    assert.deepEqual(await sums(), { buckets: 3, of: [3, 180_000, 3] })
    await stage.pass(2 * DAY)
    await fold()
    assert.deepEqual(await sums(), { buckets: 1, of: [3, 180_000, 3] })
    await stage.pass(40 * DAY)
    await fold()
    assert.deepEqual(await sums(), { buckets: 1, of: [3, 180_000, 3] })
  }),

  storeCase([], 'settings are what was saved last; null before', async (stage) => {
    assert.equal(await stage.store.settings(stage.namespace), null)
    await stage.store.saveSettings(stage.namespace, { retentionMs: 5 * DAY })
    await stage.store.saveSettings(stage.namespace, { retentionMs: 7 * DAY })
    assert.deepEqual(await stage.store.settings(stage.namespace), { retentionMs: 7 * DAY })
  }),

  storeCase([], 'a bulk action is saved by compare and set on its cursor and status', async (stage) => {
    const action: BulkAction = {
      id: stage.runtime.id(),
      kind: 'cancel',
      filter: '{"jobs":["report"]}',
      status: 'running',
      total: 3,
      done: 0,
      failed: 0,
      cursor: null,
      by: 'user:ada',
      createdAt: stage.now(),
      updatedAt: stage.now(),
    }
    const { store, namespace } = stage
    await store.createBulkAction(namespace, action)
    await store.createBulkAction(namespace, { ...action, id: stage.runtime.id(), createdAt: stage.now() + 1 })
    assert.deepEqual(await store.bulkAction(namespace, action.id), action)
    assert.equal((await store.openBulkActions(namespace)).length, 2)
    assert.deepEqual((await store.openBulkActions(namespace))[0], action)
    const first = { ...action, cursor: 'c1', done: 1 }
    const start = { cursor: null, status: 'running' } as const
    const results = await Promise.all([
      store.saveBulkAction(namespace, first, start),
      store.saveBulkAction(namespace, { ...first, done: 2 }, start),
    ])
    assert.deepEqual(results.filter(Boolean).length, 1)
    const stored = await store.bulkAction(namespace, action.id)
    assert.equal(stored?.cursor, 'c1')
    const aborted = { ...stored, status: 'aborted', updatedAt: stage.now() + 5 } as const
    assert.equal(await store.saveBulkAction(namespace, aborted, { cursor: 'c1', status: 'running' }), true)
    assert.equal(
      await store.saveBulkAction(namespace, { ...stored, done: 3 }, { cursor: 'c1', status: 'running' }),
      false,
    )
    assert.deepEqual(await store.bulkAction(namespace, action.id), aborted)
    assert.equal((await store.openBulkActions(namespace)).length, 1)
    assert.equal(await store.bulkAction(namespace, 'unknown'), null)
  }),
]

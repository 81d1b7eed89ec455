import { strict as assert } from 'node:assert'
import type { JobStore } from '@escapement/core'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf, type StoreStage } from '../store-stage.ts'

/** What becomes of punctual ticks as they fall due: pause, overlap, expiry. */
export const judgingCases: readonly JobStoreCase[] = [
  storeCase([11], 'a punctual tick runs with the identity that it was planned with', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now() + 1_000
    const [id] = await stage.plan('report', [at], { input: '{}' })
    assert.deepEqual(await stage.claim('a'), [])
    await stage.pass(1_000)
    const claimed = await stage.claimOne('a')
    assert.deepEqual(
      [claimed.id, claimed.scheduledFor, claimed.isTick, claimed.attempt, claimed.missed, claimed.input],
      [id, at, true, 1, null, '{}'],
    )
  }),

  storeCase(
    [11, 12],
    'overlap skip: a tick that falls due while one is open turns into a span, without a free slot too',
    async (stage) => {
      await stage.job({ overlap: 'skip' })
      await stage.instance('a')
      const at = stage.now()
      await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
      await stage.pass(1_000)
      const first = await stage.claimOne('a')
      await stage.pass(1_000)
      const result = await stage.claimResult('a', { slots: 0 })
      assert.deepEqual(result.dropped, [{ job: 'report', scheduledFor: at + 2_000, reason: 'overlap' }])
      assert.deepEqual(await stage.spans(), [
        { revision: 1, from: at + 2_000, to: at + 2_000, count: 1, reason: 'overlap' },
      ])
      await stage.settle('a', first)
      await stage.pass(1_000)
      assert.equal((await stage.claimOne('a')).scheduledFor, at + 3_000)
    },
  ),

  storeCase(
    [12],
    'overlap skip: an enqueued run that is open counts as well, a retry that waits too',
    async (stage) => {
      await stage.job({ overlap: 'skip' })
      await stage.instance('a')
      await stage.enqueue()
      const open = await stage.claimOne('a')
      const at = stage.now()
      await stage.plan('report', [at + 1_000, at + 2_000])
      await stage.pass(1_000)
      assert.equal((await stage.claimResult('a')).dropped.length, 1)
      await stage.settleForRetry('a', open, 60_000)
      await stage.pass(1_000)
      assert.equal((await stage.claimResult('a')).dropped.length, 1)
      assert.equal((await stage.spans())[0]?.count, 2)
    },
  ),

  storeCase([12], 'overlap queue-one: the earliest waits, later ones turn into spans', async (stage) => {
    await stage.job({ overlap: 'queue-one' })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000, at + 4_000])
    await stage.pass(1_000)
    const first = await stage.claimOne('a')
    for (let turn = 0; turn < 3; turn++) {
      await stage.pass(1_000)
      assert.deepEqual(await stage.claim('a'), [])
    }
    await stage.settle('a', first)
    const second = await stage.claimOne('a')
    assert.equal(second.scheduledFor, at + 2_000)
    assert.deepEqual(
      (await stage.spans()).map(({ from, count }) => [from, count]),
      [[at + 3_000, 2]],
    )
  }),

  storeCase([12], 'overlap queue-all: all wait their turn, in order', async (stage) => {
    await stage.job({ overlap: 'queue-all' })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
    await stage.pass(3_000)
    for (const second of [1, 2, 3]) {
      const claimed = await stage.claimOne('a', { slots: 10 })
      assert.equal(claimed.scheduledFor, at + second * 1_000)
      await stage.settle('a', claimed)
    }
    assert.deepEqual(await stage.spans(), [])
  }),

  storeCase([12], 'overlap cancel-running: what runs is asked to end, the newest tick waits for it', async (stage) => {
    await stage.job({ overlap: 'cancel-running' })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
    await stage.pass(1_000)
    const first = await stage.claimOne('a')
    await stage.pass(1_000)
    const result = await stage.claimResult('a')
    assert.deepEqual([result.executions, result.cancelRequested], [[], [first.id]])
    assert.deepEqual(
      (await stage.heartbeat('a', [first])).cancel.map(({ executionId }) => executionId),
      [first.id],
    )
    await stage.pass(1_000)
    const later = await stage.claimResult('a')
    assert.deepEqual(later.dropped, [{ job: 'report', scheduledFor: at + 2_000, reason: 'overlap' }])
    await stage.settle('a', first, { outcome: 'cancelled', status: 'cancelled' })
    assert.equal((await stage.claimOne('a')).scheduledFor, at + 3_000)
  }),

  storeCase([12], 'overlap cancel-running: a retry that waits is cancelled at once and makes room', async (stage) => {
    await stage.job({ overlap: 'cancel-running' })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000, at + 2_000])
    await stage.pass(1_000)
    const first = await stage.claimOne('a')
    await stage.settleForRetry('a', first, 60_000)
    await stage.pass(1_000)
    assert.equal((await stage.claimOne('a')).scheduledFor, at + 2_000)
    assert.equal((await stage.execution(first.id)).status, 'cancelled')
  }),

  storeCase([12], 'overlap allow: ticks run beside each other', async (stage) => {
    await stage.job({ overlap: 'allow' })
    await stage.instance('a')
    const at = stage.now()
    const ids = await stage.plan('report', [at + 1_000, at + 2_000])
    await stage.pass(2_000)
    assert.deepEqual(idsOf(await stage.claim('a')), ids)
  }),

  storeCase([7, 11], 'ticks of a job without a handler here are left to those that have one', async (stage) => {
    await stage.job({ overlap: 'skip' })
    await stage.job({ name: 'other' })
    await stage.instance('a', { jobs: ['other'] })
    await stage.instance('b')
    const [id] = await stage.plan('report', [stage.now() + 1_000])
    await stage.pass(1_000)
    assert.deepEqual(await stage.claim('a', { jobs: ['other'] }), [])
    assert.equal((await stage.claimOne('b')).id, id)
  }),

  storeCase(
    [13],
    'a tick in a pause turns into a span, whenever it is judged; enqueued runs still run',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      const at = stage.now()
      await stage.plan('report', [at + 1_000, at + 2_000, at + 4_000])
      const job = { kind: 'job', name: 'report' } as const
      const open = { from: at + 500, until: null, by: 'user:ada', note: null }
      assert.equal(await stage.store.setPauses(stage.namespace, job, [], [open]), true)
      const run = await stage.enqueue()
      await stage.pass(2_500)
      const closed = { ...open, until: at + 2_500 }
      assert.equal(await stage.store.setPauses(stage.namespace, job, [open], [closed]), true)
      assert.equal(await stage.store.setPauses(stage.namespace, job, [open], []), false)
      const result = await stage.claimResult('a')
      assert.deepEqual(idsOf(result.executions), [run.id])
      assert.deepEqual(
        result.dropped.map(({ reason }) => reason),
        ['paused', 'paused'],
      )
      assert.deepEqual(await stage.spans(), [
        { revision: 1, from: at + 1_000, to: at + 2_000, count: 2, reason: 'paused' },
      ])
      await stage.pass(1_500)
      assert.equal((await stage.claimOne('a')).scheduledFor, at + 4_000)
    },
  ),

  storeCase(
    [13],
    'a tick in a pause of its queue turns into a span, while the queue is paused and afterwards',
    async (stage) => {
      await stage.job({ overlap: 'skip', queue: 'mail' })
      await stage.job({ name: 'other' })
      await stage.instance('a')
      const claim = () => stage.claimResult('a', { queues: [{ queue: 'mail', slots: 10, prefetch: 0 }] })
      const at = stage.now()
      await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000, at + 4_000])
      const queue = { kind: 'queue', name: 'mail' } as const
      const open = { from: at + 500, until: null, by: 'user:ada', note: null }
      assert.equal(await stage.store.setPauses(stage.namespace, queue, [], [open]), true)
      const run = await stage.enqueue()
      await stage.pass(1_000)
      const paused = { job: 'report', reason: 'paused' }
      const during = await claim()
      assert.deepEqual([during.executions, during.dropped], [[], [{ ...paused, scheduledFor: at + 1_000 }]])
      await stage.pass(2_500)
      const closed = { ...open, until: at + 3_500 }
      assert.equal(await stage.store.setPauses(stage.namespace, queue, [open], [closed]), true)
      const after = await claim()
      assert.deepEqual(idsOf(after.executions), [run.id]) // what was enqueued has only waited
      assert.deepEqual(after.dropped, [
        { ...paused, scheduledFor: at + 2_000 },
        { ...paused, scheduledFor: at + 3_000 },
      ])
      assert.deepEqual(await stage.spans(), [
        { revision: 1, from: at + 1_000, to: at + 3_000, count: 3, reason: 'paused' },
      ])
      const [ran] = after.executions
      assert.ok(ran)
      await stage.settle('a', ran)
      await stage.pass(500)
      assert.deepEqual(
        (await claim()).executions.map(({ scheduledFor }) => scheduledFor),
        [at + 4_000],
      )
    },
  ),

  storeCase([13], 'a tick that waits and a retry of a tick wait for the end of a pause of their queue', (stage) =>
    outlastPause(stage, { kind: 'queue', name: 'default' }),
  ),

  storeCase([13], 'in a pause no tick that waits and no retry of a tick is claimed; both go on afterwards', (stage) =>
    outlastPause(stage, { kind: 'job', name: 'report' }),
  ),

  storeCase([4, 11], 'a tick that waited longer than it may turns into a span', async (stage) => {
    await stage.job({ startWithinMs: 2_000 })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000])
    await stage.pass(1_000)
    await stage.claim('a', { slots: 0 }) // judged, no slot
    await stage.pass(2_001)
    const result = await stage.claimResult('a')
    assert.deepEqual(result.executions, [])
    assert.deepEqual(result.dropped, [{ job: 'report', scheduledFor: at + 1_000, reason: 'expired' }])
    assert.deepEqual(
      (await stage.spans()).map(({ count, reason }) => [count, reason]),
      [[1, 'expired']],
    )
  }),

  storeCase(
    [11],
    'a tick that was too late for its startWithin when it was judged turns into a span',
    async (stage) => {
      await stage.job({ startWithinMs: 2_000 })
      await stage.instance('a')
      const at = stage.now()
      await stage.plan('report', [at + 1_000])
      await stage.pass(3_001)
      const result = await stage.claimResult('a')
      assert.deepEqual(result.executions, [])
      assert.deepEqual(result.dropped, [{ job: 'report', scheduledFor: at + 1_000, reason: 'expired' }])
    },
  ),

  storeCase([11], 'a tick that was judged and waits for a slot is not judged again, and never late', async (stage) => {
    await stage.job({ overlap: 'allow' })
    await stage.instance('a')
    const at = stage.now()
    const [first, second, third] = await stage.plan('report', [at + 1_000, at + 1_001, at + 1_002])
    await stage.pass(1_002)
    assert.deepEqual(idsOf(await stage.claim('a', { slots: 1 })), [first])
    await stage.pass(20_000)
    const result = await stage.claimResult('a', { slots: 1 })
    assert.deepEqual(result.lateJobs, [])
    assert.deepEqual(idsOf(result.executions), [second])
    assert.deepEqual(idsOf(await stage.claim('a')), [third])
  }),

  storeCase([11, 20], 'a tick takes its place among what waits already, by priority, then age', async (stage) => {
    await stage.job({ name: 'urgent', overlap: 'allow', priority: 5 })
    await stage.job({ overlap: 'allow' })
    await stage.instance('a')
    const at = stage.now()
    const before = await stage.enqueue({ delayMs: 900 })
    const after = await stage.enqueue({ delayMs: 1_100 })
    const [tick] = await stage.plan('report', [at + 1_000])
    const [urgent] = await stage.plan('urgent', [at + 1_050])
    await stage.pass(1_100)
    const claimed = await stage.claim('a', { slots: 3 })
    assert.deepEqual(idsOf(claimed), [urgent, before.id, tick])
    assert.deepEqual(idsOf(await stage.claim('a')), [after.id])
  }),

  storeCase(
    [11],
    'a due tick is judged in time, however many of jobs without a handler here fall due with it',
    async (stage) => {
      await stage.job({ name: 'zebra', overlap: 'allow' })
      const at = stage.now() + 1_000
      for (let n = 0; n < 220; n++) {
        await stage.job({ name: `foreign-${n}`, overlap: 'allow' })
        await stage.plan(`foreign-${n}`, [at])
      }
      const [own] = await stage.plan('zebra', [at])
      await stage.instance('a', { jobs: ['zebra'] })
      await stage.pass(1_000)
      const result = await stage.claimResult('a', { jobs: ['zebra'] })
      assert.deepEqual(idsOf(result.executions), [own])
      assert.equal(result.nextDueAt, null)
    },
  ),

  storeCase([11], 'nothing that waited longer than it may is started, however much of it there is', async (stage) => {
    await stage.job({ overlap: 'allow' })
    await stage.instance('a')
    for (let n = 0; n < 220; n++) await stage.enqueue({ startWithinMs: 1_000, priority: n % 2 })
    await stage.pass(5_000)
    const inTime = await stage.enqueue()
    const started: string[] = []
    for (let passes = 0; passes < 4; passes++) started.push(...idsOf(await stage.claim('a', { slots: 1 })))
    assert.deepEqual(started, [inTime.id])
  }),

  storeCase(
    [12],
    'retry until next-tick: a retry that waits is given up when the next tick falls due',
    async (stage) => {
      const backoff = { kind: 'fixed', delayMs: 1_000, jitter: 'none' } as const
      for (const overlap of ['skip', 'allow'] as const) {
        await stage.job({ name: overlap, overlap, retry: { limit: 3, backoff, until: 'next-tick' } })
      }
      await stage.instance('a')
      for (const job of ['skip', 'allow']) {
        const at = stage.now()
        await stage.plan(job, [at + 1_000, at + 2_000])
        await stage.pass(1_000)
        const first = await stage.claimOne('a')
        await stage.settleForRetry('a', first, 60_000)
        await stage.pass(1_000)
        assert.equal((await stage.claimOne('a')).scheduledFor, at + 2_000)
        const { status, reason, finishedAt } = await stage.execution(first.id)
        assert.deepEqual([status, reason, finishedAt], ['failed', 'superseded-by-tick', stage.now()])
      }
    },
  ),
]

/** A tick that was judged before the pause, and a retry of another one, are claimed when it is over. */
async function outlastPause(stage: StoreStage, paused: Parameters<JobStore['setPauses']>[1]): Promise<void> {
  await stage.job()
  await stage.instance('a')
  const at = stage.now()
  const [first, second] = await stage.plan('report', [at + 1_000, at + 1_001])
  await stage.pass(1_001)
  const retried = await stage.claimOne('a')
  assert.equal(retried.id, first)
  await stage.settleForRetry('a', retried, 500)
  const pause = { from: stage.now() + 1, until: stage.now() + 10_000, by: null, note: null }
  await stage.store.setPauses(stage.namespace, paused, [], [pause])
  await stage.pass(5_000)
  assert.deepEqual(await stage.claim('a'), [])
  await stage.pass(5_000)
  assert.deepEqual(new Set(idsOf(await stage.claim('a'))), new Set([first, second]))
  assert.deepEqual(await stage.spans(), [])
}

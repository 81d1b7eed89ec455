import { strict as assert } from 'node:assert'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf, type StoreStage } from '../store-stage.ts'

const AHEAD_MS = 50

/** Claims what falls due within 50 ms as well. */
async function claimAhead(stage: StoreStage, instance = 'a', given: { slots?: number; prefetch?: number } = {}) {
  return await stage.claim(instance, { aheadMs: AHEAD_MS, ...given })
}

/** Ticks that are claimed before they fall due, to start at their instant. */
export const comingCases: readonly JobStoreCase[] = [
  storeCase([10], 'ticks that fall due within the time asked for are taken for their instant', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now() + 1_000
    const [first] = await stage.plan('report', [at, at + 51])
    await stage.pass(949)
    assert.deepEqual(await claimAhead(stage), [])
    await stage.pass(1)
    const early = await stage.claimResult('a')
    assert.deepEqual([early.executions, early.nextDueAt], [[], at])
    const { executions, nextDueAt } = await stage.claimResult('a', { aheadMs: AHEAD_MS })
    assert.deepEqual(
      executions.map(({ id, claimedAt, startedAt }) => ({ id, claimedAt, startedAt })),
      [{ id: first, claimedAt: at - AHEAD_MS, startedAt: at }],
    )
    assert.equal(nextDueAt, at + 51)
    const seen = async () => {
      const { status, waitingFor, startedAt } = await stage.execution(first as string)
      return { status, waitingFor, startedAt }
    }
    assert.deepEqual(await seen(), { status: 'scheduled', waitingFor: 'time', startedAt: null })
    await stage.pass(AHEAD_MS)
    assert.deepEqual(await seen(), { status: 'running', waitingFor: null, startedAt: at })
  }),

  storeCase([10], 'a repeated claim answers with the ticks that it took for their instant', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const [id] = await stage.plan('report', [stage.now() + 20])
    const token = 7
    const first = await stage.claim('a', { aheadMs: AHEAD_MS, token })
    assert.deepEqual(idsOf(first), [id])
    assert.deepEqual(await stage.claim('a', { aheadMs: AHEAD_MS, token, isRepeat: true }), first)
  }),

  storeCase([10, 19], 'what is due goes first; ticks to come take the slots that are left', async (stage) => {
    await stage.job()
    await stage.job({ name: 'alone', overlap: 'skip' })
    await stage.instance('a')
    const [one, other] = await stage.plan('report', [stage.now() + 20, stage.now() + 30])
    await stage.plan('alone', [stage.now() + 40])
    const { id } = await stage.enqueue({ priority: -1 })
    assert.deepEqual(idsOf(await claimAhead(stage, 'a', { slots: 1 })), [id])
    const result = await stage.claimResult('a', { aheadMs: AHEAD_MS, slots: 1, prefetch: 10 })
    assert.deepEqual(
      result.executions.map((claimed) => [claimed.id, claimed.startedAt]),
      [
        [one, stage.now() + 20],
        [other, null],
      ],
    )
    assert.equal(result.hasMore, false) // nothing that is due was left behind
  }),

  storeCase(
    [10, 12],
    'a tick of an exclusive job is not taken while another execution is open or waits',
    async (stage) => {
      await stage.job({ overlap: 'skip' })
      await stage.job({ name: 'line', overlap: 'queue-all' })
      await stage.job({ name: 'free', overlap: 'skip' })
      await stage.instance('a')
      await stage.enqueue()
      const running = await stage.claimOne('a')
      await stage.plan('line', [stage.now()])
      assert.deepEqual(await stage.claim('a', { slots: 0 }), []) // judged, and waits for a slot
      await stage.plan('report', [stage.now() + 20])
      await stage.plan('line', [stage.now() + 20])
      const free = await stage.plan('free', [stage.now() + 20, stage.now() + 30])
      const taken = await stage.claim('a', { aheadMs: AHEAD_MS, jobs: ['report', 'free'] })
      assert.deepEqual(idsOf(taken), [free[0]])
      assert.deepEqual(idsOf(await stage.claim('a', { slots: 0, aheadMs: AHEAD_MS })), [])
      await stage.settle('a', running)
      assert.equal((await stage.claim('a', { aheadMs: AHEAD_MS, jobs: ['report'] })).length, 1)
    },
  ),

  storeCase([10, 20], 'ticks to come are not taken of a queue with a limit', async (stage) => {
    await stage.job()
    await stage.store.registerQueues(stage.namespace, [{ name: 'default', clusterLimit: 3 }])
    await stage.instance('a')
    await stage.plan('report', [stage.now() + 20])
    assert.deepEqual(await claimAhead(stage), [])
    await stage.pass(20)
    assert.equal((await claimAhead(stage)).length, 1)
  }),

  storeCase([10, 20], 'ticks to come keep to the limit of their concurrency key', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const given = { concurrencyKey: 'k', concurrencyLimit: 1 }
    const [first, second] = await stage.plan('report', [stage.now() + 20, stage.now() + 30], given)
    const [claimed] = await claimAhead(stage)
    assert.ok(claimed)
    assert.equal(claimed.id, first)
    assert.deepEqual(await claimAhead(stage), [])
    await stage.pass(30)
    await stage.settle('a', claimed)
    assert.deepEqual(idsOf(await claimAhead(stage)), [second])
  }),

  storeCase([10, 12], 'a tick that gives up retries when it falls due is not taken before', async (stage) => {
    await stage.job({
      retry: { limit: 3, backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' }, until: 'next-tick' },
    })
    await stage.instance('a')
    await stage.plan('report', [stage.now() + 20])
    assert.deepEqual(await claimAhead(stage), [])
  }),

  storeCase([10, 13], 'no tick is taken whose instant is in a pause, of its job or its queue', async (stage) => {
    await stage.job()
    await stage.job({ name: 'other', queue: 'mail' })
    await stage.instance('a')
    const queues = ['default', 'mail'].map((queue) => ({ queue, slots: 10, prefetch: 10 }))
    const pause = { from: stage.now() + 10, until: stage.now() + 30, by: 'user:ada', note: null }
    await stage.plan('report', [stage.now() + 20])
    await stage.plan('other', [stage.now() + 20])
    await stage.store.setPauses(stage.namespace, { kind: 'job', name: 'report' }, [], [pause])
    await stage.store.setPauses(stage.namespace, { kind: 'queue', name: 'mail' }, [], [pause])
    assert.deepEqual(await stage.claim('a', { aheadMs: AHEAD_MS, queues }), [])
    await stage.pass(20)
    assert.deepEqual(await stage.claim('a', { aheadMs: AHEAD_MS, queues }), [])
    for (const job of ['report', 'other'])
      assert.deepEqual(
        (await stage.spans(job)).map(({ reason }) => reason),
        ['paused'],
      )
  }),

  storeCase([10, 13], 'a tick that is given back before its instant has no verdict again', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const [id] = await stage.plan('report', [stage.now() + 40])
    const pause = { from: stage.now() + 20, until: null, by: 'user:ada', note: null }
    const [claimed] = await claimAhead(stage)
    assert.ok(claimed)
    assert.equal(claimed.id, id)
    await stage.pass(20)
    await stage.store.setPauses(stage.namespace, { kind: 'job', name: 'report' }, [], [pause])
    await stage.store.handBack(stage.namespace, [{ executionId: claimed.id, fence: claimed.fence }])
    const { status, startedAt, attempt } = await stage.execution(claimed.id)
    assert.deepEqual({ status, startedAt, attempt }, { status: 'scheduled', startedAt: null, attempt: 0 })
    await stage.pass(20)
    assert.deepEqual(await claimAhead(stage), [])
    assert.deepEqual(
      (await stage.spans()).map(({ reason, count }) => [reason, count]),
      [['paused', 1]],
    )
  }),

  storeCase([10, 18], 'a tick that is cancelled before its instant has never started', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.plan('report', [stage.now() + 40])
    const [claimed] = await claimAhead(stage)
    assert.ok(claimed)
    await stage.pass(20)
    assert.equal(await stage.store.cancel(stage.namespace, claimed.id, 'user:ada'), 'requested')
    await stage.store.handBack(stage.namespace, [{ executionId: claimed.id, fence: claimed.fence }])
    const { execution, attempts } = await stage.found(claimed.id)
    const { status, startedAt, finishedAt, attempt } = execution
    assert.deepEqual(
      { status, startedAt, finishedAt, attempt, attempts },
      { status: 'cancelled', startedAt: null, finishedAt: stage.now(), attempt: 0, attempts: [] },
    )
  }),

  storeCase([10, 14], 'a tick whose instance goes before its instant was not interrupted', async (stage) => {
    await stage.job({ onInterrupt: 'fail' })
    await stage.instance('a')
    await stage.instance('b')
    await stage.plan('report', [stage.now() + 40])
    const [claimed] = await claimAhead(stage)
    assert.ok(claimed)
    await stage.pass(20)
    await stage.store.removeInstance(stage.namespace, 'a')
    const [recovered] = await stage.store.recover(stage.namespace, 10)
    assert.deepEqual(
      { status: recovered?.status, wasStarted: recovered?.wasStarted },
      { status: 'scheduled', wasStarted: false },
    )
    const again = await stage.claimOne('b', { aheadMs: AHEAD_MS })
    assert.deepEqual([again.id, again.attempt, again.interruptions], [claimed.id, 1, 0])
  }),

  storeCase([5, 10], 'a tick that is given back after its job was retired is gone', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.plan('report', [stage.now() + 40])
    const [claimed] = await claimAhead(stage)
    assert.ok(claimed)
    await stage.pass(20)
    assert.equal(await stage.store.retire(stage.namespace, 'report'), true)
    await stage.store.handBack(stage.namespace, [{ executionId: claimed.id, fence: claimed.fence }])
    assert.equal(await stage.isGone(claimed.id), true)
  }),

  storeCase([9, 10], 'what is given back after the clock was set back runs all the same', async (stage) => {
    await stage.job()
    await stage.job({ name: 'late' })
    await stage.instance('a', { leaseMs: 20_000_000 })
    const late = stage.tick(stage.now() - 10_000, { job: 'late', isJudged: true })
    await stage.store.plan(stage.namespace, [await stage.entry('late', { executions: [late] })])
    await stage.enqueueMany(2)
    const taken = await stage.claim('a', { slots: 1, prefetch: 2 })
    assert.equal(taken.length, 3)
    stage.runtime.stepWallClock(-3_600_000)
    const handed = taken.map(({ id, fence }) => ({ executionId: id, fence }))
    await stage.store.handBack(stage.namespace, handed)
    await stage.pass(3_600_000)
    assert.deepEqual(new Set(idsOf(await stage.claim('a'))), new Set(idsOf(taken)))
  }),

  storeCase([10, 20], 'what is left behind in one queue keeps no tick of another from being taken', async (stage) => {
    await stage.job()
    await stage.job({ name: 'mail', queue: 'mail' })
    await stage.instance('a')
    await stage.enqueueMany(5)
    const [tick] = await stage.plan('mail', [stage.now() + 20])
    const queues = [
      { queue: 'default', slots: 1, prefetch: 0 },
      { queue: 'mail', slots: 5, prefetch: 0 },
    ]
    const { executions, hasMore } = await stage.claimResult('a', { aheadMs: AHEAD_MS, queues })
    assert.equal(hasMore, true)
    assert.ok(idsOf(executions).includes(tick as string))
  }),

  storeCase(
    [10],
    'a tick that is given back is taken by another instance, for its instant or after it',
    async (stage) => {
      await stage.job({ overlap: 'skip' })
      await stage.instance('a')
      await stage.instance('b')
      const at = stage.now() + 40
      await stage.plan('report', [at])
      for (const [owner, next] of [
        ['a', 'b'],
        ['b', 'a'],
      ] as const) {
        const [claimed] = await claimAhead(stage, owner)
        assert.ok(claimed)
        await stage.pass(30)
        await stage.store.handBack(stage.namespace, [{ executionId: claimed.id, fence: claimed.fence }])
        const [again] = await claimAhead(stage, next)
        assert.deepEqual([again?.id, again?.attempt], [claimed.id, 1])
        assert.equal(again?.startedAt, Math.max(at, stage.now()))
        assert.ok(again.fence > claimed.fence)
        await stage.store.handBack(stage.namespace, [{ executionId: again.id, fence: again.fence }])
      }
    },
  ),
]

import { strict as assert } from 'node:assert'
import { idsOf } from '../store-stage.ts'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'

/** Claiming: order, time, limits, handlers, leases. */
export const claimCases: readonly JobStoreCase[] = [
  storeCase([9], 'nothing is claimed before its time, and all of it at its time', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue({ delayMs: 500 })
    await stage.pass(499)
    const early = await stage.claimResult('a')
    assert.deepEqual(early.executions, [])
    assert.equal(early.nextDueAt, stage.now() + 1)
    await stage.pass(1)
    const [claimed] = await stage.claim('a')
    assert.equal(claimed?.id, id)
    assert.equal(claimed.claimedAt, stage.now())
    assert.equal(claimed.startedAt, stage.now())
  }),

  storeCase([9], 'the next due time counts only what these queues and handlers could take', async (stage) => {
    await stage.job()
    await stage.job({ name: 'foreign' })
    await stage.instance('a')
    assert.equal((await stage.claimResult('a')).nextDueAt, null)
    await stage.enqueue({ job: 'foreign', delayMs: 100 })
    await stage.enqueue({ queue: 'mail', delayMs: 200 })
    await stage.enqueue({ delayMs: 300 })
    const { nextDueAt } = await stage.claimResult('a', { jobs: ['report'] })
    assert.equal(nextDueAt, stage.now() + 300)
  }),

  storeCase([20], 'higher priority goes first, then what has waited longest', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const later = await stage.enqueue({ delayMs: 20 })
    const sooner = await stage.enqueue({ delayMs: 10 })
    const urgent = await stage.enqueue({ delayMs: 30, priority: 5 })
    const idle = await stage.enqueue({ priority: -5 })
    await stage.pass(50)
    assert.deepEqual(idsOf(await stage.claim('a', { slots: 3 })), [urgent.id, sooner.id, later.id])
    assert.deepEqual(idsOf(await stage.claim('a')), [idle.id])
  }),

  storeCase(
    [7],
    'an instance takes only the queues that it asks for and the jobs that it has a handler for',
    async (stage) => {
      await stage.job()
      await stage.job({ name: 'other' })
      await stage.instance('a')
      await stage.enqueue({ job: 'other' })
      await stage.enqueue({ queue: 'mail' })
      const mine = await stage.enqueue()
      assert.deepEqual(idsOf(await stage.claim('a', { jobs: ['report'] })), [mine.id])
      assert.deepEqual((await stage.claimResult('a', { jobs: ['report'] })).hasMore, false)
    },
  ),

  storeCase([19], 'what is taken ahead is claimed, not started; readers see it scheduled', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueueMany(5)
    const result = await stage.claimResult('a', { slots: 1, prefetch: 2 })
    assert.deepEqual(
      result.executions.map(({ startedAt }) => startedAt !== null),
      [true, false, false],
    )
    assert.equal(result.hasMore, true)
    const ahead = result.executions[1]
    assert.ok(ahead)
    const { status, claimedAt, startedAt, instance } = await stage.execution(ahead.id)
    assert.deepEqual(
      { status, claimedAt, startedAt, instance },
      { status: 'scheduled', claimedAt: stage.now(), startedAt: null, instance: 'a' },
    )
    await stage.pass(40)
    const startedAt2 = stage.now()
    assert.deepEqual(
      await stage.store.markStarted(stage.namespace, [
        { executionId: ahead.id, fence: ahead.fence, startedAt: startedAt2 },
      ]),
      [],
    )
    const started = await stage.execution(ahead.id)
    assert.deepEqual([started.status, started.startedAt], ['running', startedAt2])
    assert.equal((await stage.claimResult('a')).hasMore, false)
  }),

  storeCase([19, 20], 'exclusive and concurrency-keyed executions are never taken ahead', async (stage) => {
    await stage.job({ overlap: 'skip' })
    await stage.job({ name: 'keyed' })
    await stage.instance('a')
    await stage.enqueue()
    await stage.enqueue({ job: 'keyed', concurrencyKey: 'k', concurrencyLimit: 2 })
    assert.deepEqual(await stage.claim('a', { slots: 0, prefetch: 10 }), [])
    assert.equal((await stage.claim('a')).length, 2)
  }),

  storeCase([14], 'what was interrupted once, or runs at most once, is never taken ahead', async (stage) => {
    await stage.job()
    await stage.job({ name: 'careful', onInterrupt: 'fail' })
    await stage.instance('a')
    const { id } = await stage.enqueue()
    await stage.claimOne('a')
    await stage.pass(31_000)
    await stage.store.recover(stage.namespace, 10)
    await stage.instance('b')
    await stage.enqueue({ job: 'careful' })
    assert.deepEqual(await stage.claim('b', { slots: 0, prefetch: 10 }), [])
    const claimed = await stage.claim('b')
    assert.equal(claimed.length, 2)
    assert.ok(claimed.some((one) => one.id === id && one.attempt === 2 && one.interruptions === 1))
  }),

  storeCase([19], 'what is handed back is as if it had not been claimed, but for its fence', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.instance('b')
    const { id } = await stage.enqueue()
    const claimed = await stage.claimOne('a', { slots: 0, prefetch: 1 })
    const back = [{ executionId: id, fence: claimed.fence }]
    await stage.store.handBack(stage.namespace, back)
    await stage.store.handBack(stage.namespace, back)
    const { execution, attempts } = await stage.found(id)
    assert.deepEqual(attempts, [])
    assert.deepEqual(
      [execution.status, execution.claimedAt, execution.attempt, execution.retries],
      ['scheduled', null, 0, 0],
    )
    assert.ok(execution.fence > claimed.fence)
    const again = await stage.claimOne('b')
    assert.equal(again.attempt, 1)
    assert.ok(again.fence > claimed.fence)
    await stage.store.handBack(stage.namespace, back) // late: it belongs to b now
    assert.equal((await stage.execution(id)).instance, 'b')
    assert.deepEqual(
      await stage.store.markStarted(stage.namespace, [
        { executionId: id, fence: claimed.fence, startedAt: stage.now() },
      ]),
      [id],
    )
  }),

  storeCase([18, 19], 'what is handed back after a request to cancel is cancelled', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    const { fence } = await stage.claimOne('a', { slots: 0, prefetch: 1 })
    assert.equal(await stage.store.cancel(stage.namespace, id, null), 'requested')
    await stage.store.handBack(stage.namespace, [{ executionId: id, fence }])
    assert.equal((await stage.execution(id)).status, 'cancelled')
  }),

  storeCase(
    [3],
    'the same claim again answers with what was claimed before, and takes nothing more for it',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueueMany(4)
      const first = await stage.claim('a', { slots: 2, token: 1 })
      const again = await stage.claim('a', { slots: 2, token: 1, isRepeat: true })
      assert.deepEqual(idsOf(again).toSorted(), idsOf(first).toSorted())
      assert.deepEqual(
        again.find(({ id }) => id === first[0]?.id),
        first[0],
      )
      assert.equal((await stage.claim('a', { slots: 10, token: 2 })).length, 2)
    },
  ),

  storeCase([3], 'a repeated claim that never arrived is a claim', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueueMany(2)
    assert.equal((await stage.claim('a', { token: 1, isRepeat: true })).length, 2)
  }),

  storeCase(
    [1, 3],
    'instances that claim at once share the work: nothing is taken twice, nothing is left',
    async (stage) => {
      await stage.job()
      const instances = ['a', 'b', 'c', 'd', 'e']
      for (const id of instances) await stage.instance(id)
      const ids = await stage.enqueueMany(200)
      const claims = await Promise.all(
        instances.flatMap((id) => [stage.claim(id, { slots: 20 }), stage.claim(id, { slots: 20 })]),
      )
      assert.deepEqual(claims.flatMap((claimed) => idsOf(claimed)).toSorted(), ids.toSorted())
    },
  ),

  storeCase(
    [20],
    'a queue with a limit across the cluster never runs more, and what a dead lease holds does not count',
    async (stage) => {
      await stage.job()
      await stage.store.registerQueues(stage.namespace, [{ name: 'default', clusterLimit: 3 }])
      await stage.instance('a')
      await stage.instance('b', { leaseMs: 120_000 })
      await stage.enqueueMany(6)
      const [first, second] = await Promise.all([stage.claim('a', { slots: 2 }), stage.claim('b', { slots: 2 })])
      assert.equal(first.length + second.length, 3)
      assert.deepEqual(await stage.claim('b'), [])
      const [one] = first
      assert.ok(one)
      await stage.settle('a', one)
      assert.equal((await stage.claim('a')).length, 1)
      await stage.pass(31_000) // the lease of a has ended; nobody has recovered what it holds
      assert.equal((await stage.claim('b')).length, 3 - second.length)
    },
  ),

  storeCase([20], 'a concurrency key runs as often as its limit says; other keys are not held up', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueueMany(3, { concurrencyKey: 'k', concurrencyLimit: 2 })
    await stage.enqueueMany(1, { concurrencyKey: 'K', concurrencyLimit: 2 })
    const claimed = await stage.claim('a')
    assert.equal(claimed.length, 3)
    const first = claimed.find(({ id }) => id === claimed[0]?.id)
    assert.ok(first)
    assert.deepEqual(await stage.claim('a'), [])
    await stage.settle('a', first)
    assert.equal((await stage.claim('a')).length, 1)
  }),

  storeCase(
    [12, 20],
    'of an exclusive job at most one is open, whoever claims, and retry waits count',
    async (stage) => {
      await stage.job({ overlap: 'queue-all' })
      await stage.instance('a')
      await stage.instance('b')
      const ids = await stage.enqueueMany(4)
      const both = await Promise.all([stage.claim('a'), stage.claim('b')])
      const [only, ...others] = both.flat()
      assert.ok(only)
      assert.deepEqual([only.id, others], [ids[0], []])
      const owner = both[0]?.length === 1 ? 'a' : 'b'
      await stage.settleForRetry(owner, only, 5_000)
      assert.deepEqual(await stage.claim('a'), []) // it waits for its retry, hence is open
      await stage.pass(5_000)
      const retried = await stage.claimOne('a', { slots: 10 })
      assert.deepEqual([retried.id, retried.attempt, retried.retries], [only.id, 2, 1])
      await stage.settle('a', retried)
      assert.equal((await stage.claimOne('b')).id, ids[1])
    },
  ),

  storeCase(
    [16],
    'fences only grow: per execution, and per exclusive job or single-place concurrency key',
    async (stage) => {
      await stage.job({ overlap: 'queue-all' })
      await stage.job({ name: 'keyed' })
      await stage.job({ name: 'free' })
      await stage.instance('a')
      for (const [job, given] of [
        ['report', {}],
        ['keyed', { concurrencyKey: 'k', concurrencyLimit: 1 }],
      ] as const) {
        await stage.enqueueMany(3, { job, ...given })
        let last = 0n
        const guards = new Set<string>()
        for (let turn = 0; turn < 3; turn++) {
          const claimed = await stage.claimOne('a', { jobs: [job] })
          assert.ok(claimed.guardFence > last)
          last = claimed.guardFence
          guards.add(claimed.guardKey)
          await stage.settle('a', claimed)
        }
        assert.equal(guards.size, 1)
      }
      await stage.enqueueMany(2, { job: 'free' })
      const free = await stage.claim('a')
      assert.equal(new Set(free.map(({ guardKey }) => guardKey)).size, 2)
      assert.deepEqual(
        free.map(({ guardFence }) => guardFence),
        free.map(({ fence }) => fence),
      )
      const [first] = free
      assert.ok(first && first.fence >= BigInt(stage.now()) * 1_000n)
      await stage.settleForRetry('a', first, 0)
      assert.ok((await stage.claimOne('a')).fence > first.fence)
    },
  ),

  storeCase(
    [13],
    'nothing of a paused queue is claimed, by the clock of the server; all of it afterwards',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueue()
      const queue = { kind: 'queue', name: 'default' } as const
      const pause = { from: stage.now(), until: stage.now() + 10_000, by: 'user:ada', note: 'maintenance' }
      assert.equal(await stage.store.setPauses(stage.namespace, queue, [], [pause]), true)
      assert.deepEqual(await stage.store.queueStates(stage.namespace), [
        { name: 'default', clusterLimit: null, pauses: [pause] },
      ])
      assert.deepEqual(await stage.claim('a'), [])
      await stage.pass(9_999)
      assert.deepEqual(await stage.claim('a'), [])
      await stage.pass(1)
      assert.equal((await stage.claim('a')).length, 1)
    },
  ),

  storeCase([11], 'one that waited longer than it may is skipped, punctually started ones are not', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const slow = await stage.enqueue({ startWithinMs: 1_000 })
    const retried = await stage.enqueue({ startWithinMs: 1_000, priority: 1 })
    await stage.settleForRetry('a', await stage.claimOne('a'), 500)
    await stage.pass(2_000)
    assert.deepEqual(idsOf(await stage.claim('a')), [retried.id]) // it did start in time
    const { status, reason } = await stage.execution(slow.id)
    assert.deepEqual({ status, reason }, { status: 'skipped', reason: 'expired' })
  }),
]

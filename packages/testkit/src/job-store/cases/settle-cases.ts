import { strict as assert } from 'node:assert'
import { bucketOf } from '@escapement/core'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf } from '../store-stage.ts'

/** Settling: verdicts, fences, attempts, history, statistics. */
export const settleCases: readonly JobStoreCase[] = [
  storeCase(
    [3],
    'a settled execution shows its verdict, output and attempt, and never changes again',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      const { id } = await stage.enqueue()
      const claimed = await stage.claimOne('a')
      const startedAt = stage.now()
      await stage.pass(250)
      const log = [{ at: startedAt + 10, level: 'info', message: 'half', fields: '{"done":1}' }] as const
      const result = await stage.settle('a', claimed, { output: '{"ok":true}', log, progress: 100 })
      assert.deepEqual(result, { executionId: id, result: 'settled', status: 'succeeded' })
      const { execution, attempts } = await stage.found(id)
      assert.deepEqual(
        [execution.status, execution.output, execution.progress, execution.startedAt, execution.finishedAt],
        ['succeeded', '{"ok":true}', 100, startedAt, startedAt + 250],
      )
      assert.deepEqual(attempts, [
        {
          number: 1,
          instance: 'a',
          fence: claimed.fence,
          claimedAt: startedAt,
          startedAt,
          finishedAt: startedAt + 250,
          outcome: 'succeeded',
          error: null,
          log,
        },
      ])
      assert.equal(await stage.store.cancel(stage.namespace, id, null), 'already-ended')
    },
  ),

  storeCase([], 'the running attempt is shown without an outcome', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const claimed = await stage.claimOne('a')
    const { execution, attempts } = await stage.found(claimed.id)
    assert.deepEqual([execution.status, execution.instance, execution.attempt], ['running', 'a', 1])
    assert.deepEqual(
      attempts.map(({ number, outcome, finishedAt, instance }) => ({ number, outcome, finishedAt, instance })),
      [{ number: 1, outcome: null, finishedAt: null, instance: 'a' }],
    )
  }),

  storeCase(
    [21],
    'settling the same attempt again answers so and changes nothing, statistics included',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueue()
      const claimed = await stage.claimOne('a')
      const settlement = stage.settlement('a', claimed, { output: '1' })
      await stage.store.settle(stage.namespace, [settlement])
      const before = await stage.found(claimed.id)
      const [again] = await stage.store.settle(stage.namespace, [{ ...settlement, status: 'failed', output: '2' }])
      assert.deepEqual(again, { executionId: claimed.id, result: 'repeated', status: 'succeeded' })
      assert.deepEqual(await stage.found(claimed.id), before)
      const stats = await stage.store.stats(stage.namespace, { job: 'report', from: 0, to: stage.now() + 1 })
      assert.deepEqual(
        stats.map(({ succeeded, failed }) => [succeeded, failed]),
        [[1, 0]],
      )
    },
  ),

  storeCase([21], 'a retry settled again before and after its next attempt began is a repetition', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const first = await stage.claimOne('a')
    const settlement = stage.settlement('a', first, {
      outcome: 'failed',
      status: 'scheduled',
      dueAt: stage.now() + 10,
      spends: 'retry',
    })
    await stage.store.settle(stage.namespace, [settlement])
    assert.deepEqual((await stage.store.settle(stage.namespace, [settlement]))[0]?.result, 'repeated')
    await stage.pass(10)
    const second = await stage.claimOne('a')
    assert.deepEqual((await stage.store.settle(stage.namespace, [settlement]))[0]?.result, 'repeated')
    const { execution, attempts } = await stage.found(first.id)
    assert.deepEqual(
      [execution.status, execution.fence, execution.retries, attempts.length],
      ['running', second.fence, 1, 2],
    )
  }),

  storeCase(
    [3, 16],
    'a stale fence is refused and changes nothing; its neighbours in the batch are settled',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueueMany(2)
      const [lost, kept] = await stage.claim('a')
      assert.ok(lost && kept)
      await stage.pass(31_000)
      await stage.store.recover(stage.namespace, 1)
      await stage.store.recover(stage.namespace, 1)
      await stage.instance('b')
      const [again] = await stage.claim('b', { slots: 1 })
      assert.equal(again?.id, lost.id)
      await stage.claim('b')
      const before = await stage.found(lost.id)
      const results = await stage.store.settle(stage.namespace, [
        stage.settlement('a', lost, { output: '"late"' }),
        stage.settlement('b', again, { output: '"new"' }),
        stage.settlement('a', { ...kept, fence: kept.fence + 999_999_999n }),
      ])
      assert.deepEqual(
        results.map(({ result }) => result),
        ['stale', 'settled', 'stale'],
      )
      assert.deepEqual(results[0], { executionId: lost.id, result: 'stale', status: null })
      assert.equal(before.execution.output, null)
      assert.equal((await stage.execution(lost.id)).output, '"new"')
    },
  ),

  storeCase([14], 'each retry is an attempt of its own; retries and interruptions count apart', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const error = { name: 'TypeError', message: 'no luck', code: 'E1', cause: { name: 'Error', message: 'why' } }
    const first = await stage.claimOne('a')
    await stage.settle('a', first, {
      outcome: 'failed',
      status: 'scheduled',
      dueAt: stage.now() + 100,
      spends: 'retry',
      error,
    })
    const waiting = await stage.execution(first.id)
    assert.deepEqual(
      [waiting.status, waiting.waitingFor, waiting.dueAt, waiting.retries, waiting.attempt],
      ['scheduled', 'retry', stage.now() + 100, 1, 1],
    )
    await stage.pass(99)
    assert.deepEqual(await stage.claim('a'), [])
    await stage.pass(1)
    const second = await stage.claimOne('a')
    assert.deepEqual([second.attempt, second.retries], [2, 1])
    await stage.settle('a', second, { outcome: 'interrupted', status: 'scheduled', spends: 'interruption' })
    assert.deepEqual(await stage.claim('a', { slots: 0, prefetch: 5 }), []) // interrupted once: never taken ahead
    const third = await stage.claimOne('a')
    assert.deepEqual([third.attempt, third.retries, third.interruptions], [3, 1, 1])
    await stage.settle('a', third, { outcome: 'interrupted', status: 'scheduled', spends: 'nothing' })
    const fourth = await stage.claimOne('a')
    assert.deepEqual([fourth.attempt, fourth.retries, fourth.interruptions], [4, 1, 1])
    await stage.settle('a', fourth, { outcome: 'timed_out', status: 'timed_out', reason: 'exhausted' })
    const { execution, attempts } = await stage.found(first.id)
    assert.deepEqual([execution.status, execution.reason], ['timed_out', 'exhausted'])
    assert.deepEqual(
      attempts.map(({ outcome }) => outcome),
      ['failed', 'interrupted', 'interrupted', 'timed_out'],
    )
    assert.deepEqual(attempts[0]?.error, error)
  }),

  storeCase(
    [17],
    'an abandoned attempt is timed out, its execution open and outside of limits until it is settled',
    async (stage) => {
      await stage.job({ overlap: 'queue-all' })
      await stage.job({ name: 'keyed' })
      await stage.store.registerQueues(stage.namespace, [{ name: 'default', clusterLimit: 1 }])
      await stage.instance('a')
      await stage.enqueueMany(2)
      await stage.enqueue({ job: 'keyed' })
      const claimed = await stage.claimOne('a')
      await stage.pass(100)
      const abandonedAt = stage.now()
      const given = { outcome: 'timed_out', status: 'running', abandonedAt } as const
      assert.equal((await stage.settle('a', claimed, given)).status, 'running')
      assert.equal((await stage.settle('a', claimed, given)).result, 'repeated')
      const { execution, attempts } = await stage.found(claimed.id)
      assert.deepEqual([execution.status, execution.abandonedAt], ['running', abandonedAt])
      assert.deepEqual(
        attempts.map(({ outcome }) => outcome),
        ['timed_out'],
      )
      assert.deepEqual((await stage.heartbeat('a', [claimed])).lost, [])
      const free = await stage.claim('a')
      assert.deepEqual(
        free.map(({ job }) => job),
        ['keyed'],
      ) // the limit has room, the exclusive job has not
      await stage.settle('a', free[0] ?? claimed)
      const end = { outcome: 'timed_out', status: 'timed_out', reason: 'abandoned' } as const
      assert.equal((await stage.settle('a', claimed, end)).result, 'settled')
      assert.equal((await stage.settle('a', claimed, end)).result, 'repeated')
      const after = await stage.found(claimed.id)
      assert.deepEqual(
        [after.execution.status, after.execution.reason, after.attempts.length],
        ['timed_out', 'abandoned', 1],
      )
      assert.equal((await stage.claim('a')).length, 1)
    },
  ),

  storeCase([], 'progress is stored while the fence is the newest', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const { id, fence } = await stage.claimOne('a')
    await stage.store.reportProgress(stage.namespace, [{ executionId: id, fence, progress: 40 }])
    await stage.store.reportProgress(stage.namespace, [{ executionId: id, fence: fence - 1n, progress: 90 }])
    assert.equal((await stage.execution(id)).progress, 40)
  }),

  storeCase(
    [4],
    'history none: settled ticks fold into spans of their verdict, runs without a key go, others stay',
    async (stage) => {
      await stage.job({ history: 'none' })
      await stage.instance('a')
      const at = stage.now()
      const ticks = await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
      const plain = await stage.enqueue({ delayMs: 1_000 })
      const keyed = await stage.enqueue({ delayMs: 1_000, dedupeKey: 'key:k' })
      await stage.pass(3_000)
      const claimed = await stage.claim('a')
      assert.equal(claimed.length, 5)
      const last = claimed.find(({ id }) => id === ticks[2])
      assert.ok(last)
      // Out of order: the spans meet when the one between them is settled.
      for (const index of [2, 0, 4, 3, 1]) {
        const one = claimed.toSorted((a, b) => a.scheduledFor - b.scheduledFor || (a.id < b.id ? -1 : 1))[index]
        assert.ok(one)
        await stage.settle('a', one)
      }
      assert.deepEqual(await stage.spans(), [
        { revision: 1, from: at + 1_000, to: at + 3_000, count: 3, reason: 'succeeded' },
      ])
      assert.equal(await stage.isGone(last.id), true)
      assert.equal(await stage.isGone(plain.id), true)
      assert.equal((await stage.execution(keyed.id)).status, 'succeeded')
      const again = await stage.settle('a', last)
      assert.notEqual(again.result, 'settled')
      const [stats] = await stage.store.stats(stage.namespace, { job: 'report', from: 0, to: stage.now() + 1 })
      assert.equal(stats?.succeeded, 5)
    },
  ),

  storeCase([4], 'history failures: failed ticks stay as rows, and keep spans apart', async (stage) => {
    await stage.job({ history: 'failures' })
    await stage.instance('a')
    const at = stage.now()
    const ids = await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
    await stage.pass(3_000)
    for (const claimed of await stage.claim('a')) {
      const failed = { outcome: 'failed', status: 'failed', reason: 'exhausted' } as const
      await stage.settle('a', claimed, claimed.id === ids[1] ? failed : {})
    }
    assert.deepEqual(
      (await stage.spans()).map(({ from, count }) => [from, count]),
      [
        [at + 1_000, 1],
        [at + 3_000, 1],
      ],
    )
    assert.equal((await stage.execution(ids[1] ?? '')).status, 'failed')
  }),

  storeCase([4], 'history keep: just the newest settled executions stay', async (stage) => {
    await stage.job({ history: { keep: 2 } })
    await stage.instance('a')
    const at = stage.now()
    const ids = await stage.plan(
      'report',
      [1, 2, 3, 4].map((second) => at + second * 1_000),
    )
    for (let tick = 0; tick < 4; tick++) {
      await stage.pass(1_000)
      await stage.settle('a', await stage.claimOne('a'))
    }
    const ticks = await stage.store.tickExecutions(stage.namespace, 'report', 0, stage.now(), 10)
    assert.deepEqual(idsOf(ticks), ids.slice(2))
    assert.deepEqual(
      (await stage.spans()).map(({ count, reason }) => [count, reason]),
      [[2, 'succeeded']],
    )
  }),

  storeCase(
    [21],
    'statistics count verdicts, retries and interruptions, and measure duration and lateness',
    async (stage) => {
      await stage.job()
      await stage.instance('a', { leaseMs: 3_600_000 })
      await stage.enqueueMany(4)
      await stage.pass(40)
      const [first, second, third, fourth] = await stage.claim('a')
      assert.ok(first && second && third && fourth)
      await stage.pass(200)
      await stage.settle('a', first)
      await stage.settle('a', second, { outcome: 'failed', status: 'failed' })
      await stage.settle('a', third, { outcome: 'timed_out', status: 'timed_out' })
      await stage.settle('a', fourth, { outcome: 'cancelled', status: 'cancelled' })
      const query = { job: 'report', from: 0, to: stage.now() + 1 }
      const [record, ...others] = await stage.store.stats(stage.namespace, query)
      assert.deepEqual(others, [])
      assert.deepEqual(record, {
        job: 'report',
        bucket: stage.now() - (stage.now() % 60_000),
        succeeded: 1,
        failed: 1,
        timedOut: 1,
        cancelled: 1,
        retries: 0,
        interruptions: 0,
        durationSumMs: 800,
        latenessSumMs: 160,
        duration: { [bucketOf(200)]: 4 },
        lateness: { [bucketOf(40)]: 4 },
      })
      await stage.pass(60_000)
      await stage.enqueue()
      await stage.settleForRetry('a', await stage.claimOne('a'))
      const records = await stage.store.stats(stage.namespace, { ...query, to: stage.now() + 1 })
      assert.deepEqual(
        records.map(({ succeeded, retries }) => [succeeded, retries]),
        [
          [1, 0],
          [0, 1],
        ],
      )
      const all = await stage.store.stats(stage.namespace, { job: null, from: 0, to: stage.now() + 1 })
      assert.deepEqual(
        all,
        records.map((each) => ({ ...each, job: '' })),
      )
      assert.deepEqual(await stage.store.stats(stage.namespace, { job: 'other', from: 0, to: stage.now() + 1 }), [])
    },
  ),
]

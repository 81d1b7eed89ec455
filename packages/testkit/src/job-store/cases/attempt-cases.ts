import { strict as assert } from 'node:assert'
import type { ClaimedExecution } from '@escapement/core'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { LEASE_MS, type StoreStage } from '../store-stage.ts'

const LOG = [{ at: 1, level: 'info', message: 'half' }] as const

/** What readers and repeated settlements find of attempts, whether or not a store keeps each of them by itself. */
export const attemptCases: readonly JobStoreCase[] = [
  storeCase(
    [21],
    'an attempt that succeeds at once is shown as it was, and is known when settled again',
    async (stage) => {
      const claimed = await begun(stage)
      const startedAt = stage.now()
      await stage.pass(250)
      await stage.settle('a', claimed, { startedAt: startedAt + 1, output: '1', progress: 50 })
      const { execution, attempts } = await stage.found(claimed.id)
      assert.deepEqual(attempts, [
        {
          number: 1,
          instance: 'a',
          fence: claimed.fence,
          claimedAt: startedAt,
          startedAt: startedAt + 1,
          finishedAt: startedAt + 250,
          outcome: 'succeeded',
          error: null,
          log: [],
        },
      ])
      await stage.pass(1)
      await assertSettled(stage, claimed)
      assert.deepEqual(await stage.found(claimed.id), { execution, attempts })
    },
  ),

  storeCase(
    [14, 21],
    'a success keeps the failures before it, and all of them are known when settled again',
    async (stage) => {
      const first = await begun(stage)
      await stage.settleForRetry('a', first, 10)
      await stage.pass(10)
      const second = await stage.claimOne('a')
      await stage.settleForRetry('a', second, 10)
      await stage.pass(10)
      const third = await stage.claimOne('a')
      await stage.settle('a', third)
      const { attempts } = await stage.found(first.id)
      assert.deepEqual(
        attempts.map(({ number, fence, outcome, error }) => [number, fence, outcome, error?.message ?? null]),
        [
          [1, first.fence, 'failed', 'no luck'],
          [2, second.fence, 'failed', 'no luck'],
          [3, third.fence, 'succeeded', null],
        ],
      )
      for (const one of [first, second, third]) await assertSettled(stage, one)
      assert.deepEqual((await stage.found(first.id)).attempts, attempts)
    },
  ),

  storeCase(
    [14, 16],
    'the late word of who was interrupted is stale, also after another has succeeded',
    async (stage) => {
      const lost = await begun(stage)
      await stage.pass(LEASE_MS + 1)
      await stage.store.recover(stage.namespace, 10)
      await stage.instance('b')
      const again = await stage.claimOne('b')
      await stage.settle('b', again)
      const { attempts } = await stage.found(lost.id)
      assert.deepEqual(
        attempts.map(({ number, instance, outcome }) => [number, instance, outcome]),
        [
          [1, 'a', 'interrupted'],
          [2, 'b', 'succeeded'],
        ],
      )
      assert.deepEqual(await stage.settle('a', lost), { executionId: lost.id, result: 'stale', status: null })
      await assertSettled(stage, again, 'b')
      assert.deepEqual((await stage.found(lost.id)).attempts, attempts)
    },
  ),

  storeCase([21], 'a success with a log keeps it', async (stage) => {
    const claimed = await begun(stage)
    await stage.settle('a', claimed, { log: LOG })
    const { attempts } = await stage.found(claimed.id)
    assert.deepEqual(
      attempts.map(({ number, outcome, log }) => ({ number, outcome, log })),
      [{ number: 1, outcome: 'succeeded', log: LOG }],
    )
    await assertSettled(stage, claimed)
  }),

  storeCase([17], 'an attempt that was abandoned stays so, however its execution ends', async (stage) => {
    const claimed = await begun(stage)
    const abandoned = { outcome: 'timed_out', status: 'running', abandonedAt: stage.now() } as const
    await stage.settle('a', claimed, abandoned)
    await stage.pass(10)
    await stage.settle('a', claimed)
    const { execution, attempts } = await stage.found(claimed.id)
    assert.equal(execution.status, 'succeeded')
    assert.deepEqual(
      attempts.map(({ number, outcome, finishedAt }) => [number, outcome, finishedAt]),
      [[1, 'timed_out', stage.now() - 10]],
    )
    await assertSettled(stage, claimed)
    assert.deepEqual((await stage.found(claimed.id)).attempts, attempts)
  }),

  storeCase([3, 16], 'only the attempt that an execution ended by is taken for its settlement', async (stage) => {
    const claimed = await begun(stage)
    await stage.settle('a', claimed)
    const stale = { executionId: claimed.id, result: 'stale', status: null }
    assert.deepEqual(await stage.settle('a', { ...claimed, fence: claimed.fence - 1n }), stale)
    assert.deepEqual(await stage.settle('a', { ...claimed, fence: claimed.fence + 1n }), stale)
    assert.deepEqual(await stage.settle('a', { ...claimed, attempt: 2 }), stale)
    const cancelled = await begun(stage, 'other')
    await stage.pass(LEASE_MS + 1)
    await stage.store.cancel(stage.namespace, cancelled.id, null)
    await stage.store.recover(stage.namespace, 10)
    assert.equal((await stage.execution(cancelled.id)).status, 'cancelled')
    assert.equal((await stage.settle('a', cancelled)).result, 'stale')
  }),

  storeCase(
    [4, 21],
    'a success whose row has gone is known when settled again, and an older fence is not',
    async (stage) => {
      await stage.job({ history: { keep: 1 } })
      await stage.instance('a')
      const at = stage.now()
      const [gone] = await stage.plan('report', [at + 1_000, at + 2_000])
      await stage.pass(1_000)
      const first = await stage.claimOne('a')
      assert.equal(first.id, gone)
      await stage.settle('a', first)
      await stage.pass(1_000)
      await stage.settle('a', await stage.claimOne('a'))
      assert.equal(await stage.isGone(first.id), true)
      await assertSettled(stage, first)
      assert.equal((await stage.settle('a', { ...first, fence: first.fence - 1n })).result, 'stale')
    },
  ),

  storeCase(
    [21],
    'of a settlement that stands twice in one call the second is a repetition, whether or not the row is kept',
    async (stage) => {
      await stage.job({ history: 'none' })
      await stage.job({ name: 'kept' })
      await stage.instance('a')
      await stage.enqueue()
      await stage.enqueue({ job: 'kept' })
      const settlements = (await stage.claim('a')).map((claimed) => stage.settlement('a', claimed))
      const results = await stage.store.settle(stage.namespace, [...settlements, ...settlements])
      for (const { executionId } of settlements) {
        assert.deepEqual(
          results.filter((result) => result.executionId === executionId),
          [
            { executionId, result: 'settled', status: 'succeeded' },
            { executionId, result: 'repeated', status: 'succeeded' },
          ],
        )
      }
    },
  ),
]

/** An execution of a job, begun by instance `a`. */
async function begun(stage: StoreStage, name = 'report'): Promise<ClaimedExecution> {
  await stage.job({ name })
  await stage.instance('a')
  await stage.enqueue({ job: name })
  return await stage.claimOne('a')
}

/** What was settled is not settled again, whatever it comes to the second time. */
async function assertSettled(stage: StoreStage, claimed: ClaimedExecution, instance = 'a'): Promise<void> {
  const repeated = { executionId: claimed.id, result: 'repeated', status: 'succeeded' }
  assert.deepEqual(await stage.settle(instance, claimed), repeated)
  const failed = { outcome: 'failed', status: 'failed', reason: 'exhausted' } as const
  assert.deepEqual(await stage.settle(instance, claimed, failed), repeated)
}

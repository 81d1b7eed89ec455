import { strict as assert } from 'node:assert'
import { UnsupportedError } from '@escapement/core'
import { idsOf } from '../store-stage.ts'
import { storeCase, type JobStoreCase } from '../job-store-case.ts'

/** Text that breaks careless quoting, encoding and comparing. */
const AWKWARD = [
  'a',
  'A',
  'a ',
  ' a',
  'ä',
  'a\u0308',
  '',
  "'; DROP TABLE x; --",
  '100%_\\',
  '\n\t',
  '日本',
  '😀',
  '\u0001',
]

/** Enqueue, cancel and retry by hand. */
export const enqueueCases: readonly JobStoreCase[] = [
  storeCase(
    [12],
    'an enqueued run is read as it was given, with the time of the server where none was given',
    async (stage) => {
      await stage.job({ queue: 'mail' })
      const run = stage.run({
        queue: 'mail',
        priority: 7,
        delayMs: 250,
        input: '{"a":1}',
        concurrencyKey: 'tenant 1',
        concurrencyLimit: 2,
        dedupeKey: 'key:mine',
        createdBy: 'user:ada',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })
      const [result] = await stage.store.enqueue(stage.namespace, [run])
      assert.deepEqual(result, { id: run.id, status: 'scheduled', existing: false })
      const { execution, attempts } = await stage.found(run.id)
      assert.deepEqual(execution, {
        id: run.id,
        job: 'report',
        revision: 1,
        origin: 'enqueued',
        status: 'scheduled',
        reason: null,
        waitingFor: 'time',
        queue: 'mail',
        priority: 7,
        scheduledFor: stage.now(),
        dueAt: stage.now() + 250,
        createdAt: stage.now(),
        claimedAt: null,
        startedAt: null,
        finishedAt: null,
        instance: null,
        attempt: 0,
        retries: 0,
        interruptions: 0,
        fence: execution.fence,
        missed: null,
        input: '{"a":1}',
        output: null,
        error: null,
        progress: null,
        key: 'mine',
        concurrencyKey: 'tenant 1',
        createdBy: 'user:ada',
        cancelRequestedAt: null,
        cancelRequestedBy: null,
        abandonedAt: null,
        replaces: null,
        replacedBy: null,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })
      assert.deepEqual(attempts, [])
    },
  ),

  storeCase([1], 'one key makes one execution, also within one call; look-alike keys make one each', async (stage) => {
    await stage.job()
    const first = await stage.enqueue({ dedupeKey: 'key:k' })
    assert.equal(first.existing, false)
    assert.deepEqual(await stage.enqueue({ dedupeKey: 'key:k' }), { ...first, existing: true })
    const twins = await stage.store.enqueue(stage.namespace, [
      stage.run({ dedupeKey: 'key:twin' }),
      stage.run({ dedupeKey: 'key:twin' }),
    ])
    assert.deepEqual(
      twins.map(({ existing }) => existing),
      [false, true],
    )
    assert.equal(new Set(idsOf(twins)).size, 1)

    const keys = AWKWARD.map((key) => stage.run({ dedupeKey: `key:${key}` }))
    const results = await stage.store.enqueue(stage.namespace, keys)
    assert.deepEqual(
      results.map(({ existing }) => existing),
      AWKWARD.map(() => false),
    )
    for (const [index, key] of AWKWARD.entries()) {
      assert.equal((await stage.execution(keys[index]?.id ?? '')).key, key)
      const page = await stage.store.executions(stage.namespace, { key }, { limit: 10 })
      assert.deepEqual(idsOf(page.items), [keys[index]?.id])
    }
  }),

  storeCase([1], 'the same key in another job or namespace is another execution', async (stage) => {
    await stage.job()
    await stage.job({ name: 'other' })
    const elsewhere = stage.elsewhere('second')
    await elsewhere.job()
    await stage.enqueue({ dedupeKey: 'key:k' })
    assert.equal((await stage.enqueue({ job: 'other', dedupeKey: 'key:k' })).existing, false)
    assert.equal((await elsewhere.enqueue({ dedupeKey: 'key:k' })).existing, false)
  }),

  storeCase([1], 'a key is taken as long as its execution is kept, whatever became of it', async (stage) => {
    await stage.job({ history: 'none' })
    const first = await stage.enqueue({ dedupeKey: 'key:k' })
    await stage.instance('a')
    await stage.settle('a', await stage.claimOne('a'))
    assert.deepEqual(await stage.enqueue({ dedupeKey: 'key:k' }), { id: first.id, status: 'succeeded', existing: true })
  }),

  storeCase([1], 'any number of executions without a key stand side by side', async (stage) => {
    await stage.job()
    const ids = await stage.enqueueMany(1_000)
    assert.equal(new Set(ids).size, 1_000)
    assert.equal(await stage.store.countExecutions(stage.namespace, {}, 10_000), 1_000)
  }),

  storeCase([1], 'the same ids again change nothing and say so', async (stage) => {
    await stage.job()
    const runs = [stage.run(), stage.run({ dedupeKey: 'key:k' })]
    await stage.store.enqueue(stage.namespace, runs)
    const again = await stage.store.enqueue(stage.namespace, runs)
    assert.deepEqual(
      again,
      runs.map(({ id }) => ({ id, status: 'scheduled', existing: true })),
    )
    assert.equal(await stage.store.countExecutions(stage.namespace, {}, 10), 2)
  }),

  storeCase([], 'input of 1 MB and with awkward characters comes back to the byte', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const big = JSON.stringify('0123456789abcdef'.repeat(65_536))
    const awkward = JSON.stringify(AWKWARD)
    for (const input of [big, awkward]) {
      const { id } = await stage.enqueue({ input })
      assert.equal((await stage.execution(id)).input, input)
      assert.equal((await stage.claimOne('a')).input, input)
    }
  }),

  // Joining one is shown by the tests of stores that can.
  storeCase([24], 'what is no transaction of the store is refused and changes nothing', async (stage) => {
    await stage.job()
    await assert.rejects(stage.store.enqueue(stage.namespace, [stage.run()], {}), UnsupportedError)
    assert.equal(await stage.store.countExecutions(stage.namespace, {}, 10), 0)
  }),

  storeCase(
    [12],
    'a run that would not wait is skipped when the exclusive job is open, and only then',
    async (stage) => {
      await stage.job({ overlap: 'skip' })
      await stage.instance('a')
      const first = await stage.enqueue({ ifOpen: 'skip' })
      const claimed = await stage.claimOne('a')
      assert.equal(claimed.id, first.id)
      const second = await stage.enqueue({ ifOpen: 'skip' })
      const third = await stage.enqueue({ ifOpen: 'skip', delayMs: 1_000 })
      const patient = await stage.enqueue({ ifOpen: 'wait' })
      await stage.pass(1_000)
      assert.deepEqual(await stage.claim('a'), [])
      for (const { id } of [second, third]) {
        const { status, reason } = await stage.execution(id)
        assert.deepEqual({ status, reason }, { status: 'skipped', reason: 'open' })
      }
      await stage.settle('a', claimed)
      assert.equal((await stage.claimOne('a')).id, patient.id)
    },
  ),

  storeCase([18], 'what nobody has claimed is cancelled at once, and stays so', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    assert.equal(await stage.store.cancel(stage.namespace, id, 'user:ada'), 'cancelled')
    assert.equal(await stage.store.cancel(stage.namespace, id, 'user:bob'), 'already-ended')
    const { status, cancelRequestedBy, finishedAt } = await stage.execution(id)
    assert.deepEqual(
      { status, cancelRequestedBy, finishedAt },
      { status: 'cancelled', cancelRequestedBy: 'user:ada', finishedAt: stage.now() },
    )
    assert.deepEqual(await stage.claim('a'), [])
    assert.equal(await stage.store.cancel(stage.namespace, stage.runtime.id(), null), 'unknown')
  }),

  storeCase([18], 'the owner of what runs is asked: with its heartbeat it learns who did', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const claimed = await stage.claimOne('a')
    assert.equal(await stage.store.cancel(stage.namespace, claimed.id, 'user:ada'), 'requested')
    assert.equal(await stage.store.cancel(stage.namespace, claimed.id, 'user:bob'), 'requested')
    assert.equal((await stage.execution(claimed.id)).status, 'running')
    assert.deepEqual((await stage.heartbeat('a', [claimed])).cancel, [{ executionId: claimed.id, by: 'user:ada' }])
    assert.equal((await stage.settle('a', claimed, { outcome: 'cancelled', status: 'cancelled' })).status, 'cancelled')
  }),

  storeCase([18], 'one that returns in spite of the request has succeeded, and shows who asked', async (stage) => {
    await stage.job()
    await stage.instance('a')
    await stage.enqueue()
    const claimed = await stage.claimOne('a')
    await stage.store.cancel(stage.namespace, claimed.id, 'user:ada')
    await stage.settle('a', claimed)
    const { status, cancelRequestedBy } = await stage.execution(claimed.id)
    assert.deepEqual({ status, cancelRequestedBy }, { status: 'succeeded', cancelRequestedBy: 'user:ada' })
  }),

  storeCase(
    [18],
    'a retry that waits is cancelled at once; one that would be put back to wait is cancelled instead',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueueMany(2)
      const [waiting, asked] = await stage.claim('a')
      assert.ok(waiting && asked)
      await stage.settleForRetry('a', waiting)
      assert.equal(await stage.store.cancel(stage.namespace, waiting.id, null), 'cancelled')
      await stage.store.cancel(stage.namespace, asked.id, null)
      const result = await stage.settleForRetry('a', asked)
      assert.deepEqual(result, { executionId: asked.id, result: 'settled', status: 'cancelled' })
      await stage.pass(5_000)
      assert.deepEqual(await stage.claim('a'), [])
    },
  ),

  storeCase(
    [3],
    'a retry by hand makes one replacement with the same nominal time, however often it is asked for',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      const at = stage.now()
      await stage.enqueue({ input: '{"n":1}', priority: 3 })
      const first = await stage.claimOne('a')
      assert.deepEqual(await stage.store.retry(stage.namespace, first.id, stage.runtime.id(), null), {
        result: 'not-ended',
        id: first.id,
        status: 'running',
      })
      await stage.pass(1_000)
      await stage.settle('a', first, { outcome: 'failed', status: 'failed', reason: 'exhausted' })
      const newId = stage.runtime.id()
      for (const result of ['created', 'existing'] as const) {
        assert.deepEqual(await stage.store.retry(stage.namespace, first.id, newId, 'user:ada'), { result, id: newId })
      }
      assert.deepEqual(await stage.store.retry(stage.namespace, first.id, stage.runtime.id(), null), {
        result: 'existing',
        id: newId,
      })
      const replacement = await stage.execution(newId)
      assert.equal(replacement.origin, 'retry')
      assert.equal(replacement.scheduledFor, at)
      assert.equal(replacement.replaces, first.id)
      assert.equal(replacement.createdBy, 'user:ada')
      assert.equal(replacement.input, '{"n":1}')
      assert.equal(replacement.priority, 3)
      const replaced = await stage.execution(first.id)
      assert.deepEqual([replaced.status, replaced.replacedBy], ['failed', newId])
    },
  ),

  storeCase([3], 'retrying again retries the end of the chain', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    await stage.settle('a', await stage.claimOne('a'), { outcome: 'failed', status: 'failed' })
    const [second, third] = [stage.runtime.id(), stage.runtime.id()]
    await stage.store.retry(stage.namespace, id, second, null)
    await stage.settle('a', await stage.claimOne('a'), { outcome: 'failed', status: 'failed' })
    assert.deepEqual(await stage.store.retry(stage.namespace, id, third, null), { result: 'created', id: third })
    await stage.settle('a', await stage.claimOne('a'), { outcome: 'failed', status: 'failed' })
    assert.deepEqual(await stage.store.retry(stage.namespace, id, third, null), { result: 'existing', id: third })
    assert.equal((await stage.execution(third)).replaces, second)
    assert.equal((await stage.execution(id)).replacedBy, second)
    assert.deepEqual(await stage.store.retry(stage.namespace, 'nothing', stage.runtime.id(), null), {
      result: 'unknown',
    })
  }),
]

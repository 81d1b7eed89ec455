import { strict as assert } from 'node:assert'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { LEASE_MS } from '../store-stage.ts'

/** What becomes of instances once they are dead. */
export const instanceCases: readonly JobStoreCase[] = [
  storeCase(
    [6, 15],
    'a dead instance stays dead: it can neither renew, claim, settle nor register again',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.enqueueMany(2)
      const claimed = await stage.claimOne('a')
      await stage.pass(LEASE_MS + 1)
      await stage.store.recover(stage.namespace, 10)
      const beat = await stage.heartbeat('a', [claimed])
      assert.deepEqual([beat.isAlive, beat.lost], [false, [claimed.id]])
      const result = await stage.claimResult('a')
      assert.deepEqual([result.isAlive, result.executions], [false, []])
      assert.equal((await stage.settle('a', claimed)).result, 'stale')
      const instance = { id: 'a', name: 'a', version: null, leaseMs: LEASE_MS }
      assert.equal((await stage.store.registerInstance(stage.namespace, instance)).isAlive, false)
      assert.equal((await stage.claimResult('unknown')).isAlive, false)
    },
  ),

  storeCase(
    [15],
    'a dead id is remembered as long as executions are, and until all that it held was given back',
    async (stage) => {
      await stage.job()
      await stage.instance('held')
      await stage.enqueueMany(3)
      await stage.claim('held')
      await stage.instance('idle')
      await stage.pass(LEASE_MS + 1)
      const ids = async () => (await stage.store.instances(stage.namespace)).map(({ id }) => id).toSorted()
      const purge = (before: number) => stage.store.purge(stage.namespace, before, 10)
      const died = stage.now()
      assert.equal((await stage.store.recover(stage.namespace, 1)).length, 1)
      await purge(died - LEASE_MS)
      assert.deepEqual(await ids(), ['held', 'idle'])
      await purge(died)
      assert.equal((await ids()).includes('held'), true)
      assert.equal((await stage.store.recover(stage.namespace, 10)).length, 2)
      assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
      await purge(died - 1)
      assert.equal((await ids()).includes('held'), true)
      await purge(died)
      assert.deepEqual(await ids(), [])
    },
  ),

  storeCase([7, 15], 'however many instances have died, only the living have handlers', async (stage) => {
    await stage.job()
    for (let index = 0; index < 20; index++) {
      await stage.instance(`killed-${index}`)
      await stage.instance(`stopped-${index}`)
      await stage.store.removeInstance(stage.namespace, `stopped-${index}`)
    }
    await stage.pass(LEASE_MS + 1)
    assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
    assert.deepEqual(await stage.store.markAbsent(stage.namespace, ['report']), ['report'])
    const { id } = await stage.enqueue()
    assert.deepEqual(await stage.store.stranded(stage.namespace, 10), ['report'])
    await stage.instance('a')
    assert.deepEqual(await stage.store.stranded(stage.namespace, 10), [])
    assert.equal((await stage.claimOne('a')).id, id)
  }),
]

import assert from 'node:assert/strict'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

const UNAVAILABLE = { code: 'ERR_LOCK_UNAVAILABLE' }

/** How a manager ends. */
export function closingCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(
      target,
      'close releases all that is held, tells the holders, and is one promise for all callers',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        const leases = await setup.clock.until(Promise.all(['x', 'y', 'z'].map((key) => a.mutex.acquire(key))))
        const closing = a.mutex.close()
        assert.equal(a.mutex.close(), closing)
        await setup.clock.until(closing)
        assert.ok(leases.every((lease) => lease.signal.aborted && lease.remainingMs() === 0))
        for (const key of ['x', 'y', 'z']) assert.ok((await setup.clock.until(b.mutex.tryAcquire(key))) !== null)
      },
    ),

    mutexCase(target, 'close ends those who wait, and asks nothing afterwards', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key'))
      const waiting = Promise.allSettled([b.mutex.acquire('key'), b.mutex.acquire('key')])
      await setup.clock.advance(50)
      await setup.clock.until(b.mutex[Symbol.asyncDispose]())
      for (const outcome of await setup.clock.until(waiting)) {
        assert.equal(outcome.status, 'rejected')
        assert.equal(outcome.status === 'rejected' && (outcome.reason as { code: string }).code, UNAVAILABLE.code)
      }
      await assert.rejects(b.mutex.acquire('key'), UNAVAILABLE)
      await assert.rejects(b.mutex.tryAcquire('key'), UNAVAILABLE)
      lease.assertHeld()
    }),

    mutexCase(target, 'a grant that arrives while the manager closes is given back', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      a.driver.fail('tryAcquire', { kind: 'hanging-reply' })
      const asking = Promise.allSettled([a.mutex.acquire('key', { ttl: 60_000 })])
      await setup.clock.advance(ttlMs / 4) // the server has handled it
      await setup.clock.until(a.mutex.close())
      assert.equal((await setup.clock.until(asking))[0]?.status, 'rejected')
      assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
    }),

    mutexCase(target, 'a closed manager leaves no timer behind', async (setup) => {
      const client = await setup.client()
      const lease = await setup.clock.until(client.mutex.acquire('key'))
      await setup.clock.until(client.mutex.acquire('other', { renew: false }))
      await setup.clock.until(lease.release())
      await setup.clock.until(client.mutex.close())
      const pending = (client.node as { pendingSleeps?: number }).pendingSleeps ?? 0
      assert.equal(pending, 0)
    }),
  ]
}

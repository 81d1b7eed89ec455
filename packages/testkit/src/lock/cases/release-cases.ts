import assert from 'node:assert/strict'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

const LOST = { code: 'ERR_LEASE_LOST' }

/** How a lease is given back. */
export function releaseCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs, lingerMs } = caseTimes(target)
  return [
    mutexCase(target, 'release ends the lease once and answers the same ever after', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key'))
      assert.deepEqual(await setup.clock.until(Promise.all([lease.release(), lease.release()])), [
        'released',
        'released',
      ])
      assert.equal(lease.remainingMs(), 0)
      assert.ok(lease.signal.aborted)
      assert.throws(() => lease.assertHeld(), LOST)
      await assert.rejects(setup.clock.until(lease.renew()), LOST)
      const next = await setup.clock.until(b.mutex.acquire('key'))
      assert.equal(await setup.clock.until(lease.release()), 'released')
      next.assertHeld()
      assert.equal(await setup.clock.until(a.mutex.tryAcquire('key')), null)
    }),

    mutexCase(target, 'release after the lease has ended answers not-held and does not throw', async (setup) => {
      const { mutex } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs, renew: false }))
      await setup.clock.advance(1.2 * ttlMs + lingerMs)
      assert.equal(await setup.clock.until(lease.release()), 'not-held')
    }),

    mutexCase(target, 'release after another has taken the key leaves the other its lease', async (setup) => {
      const [a, b, c] = [await setup.client(), await setup.client(), await setup.client()]
      const late = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs, renew: false }))
      await setup.clock.advance(1.2 * ttlMs)
      const next = await setup.clock.until(b.mutex.acquire('key', { ttl: 10 * ttlMs }))
      assert.equal(await setup.clock.until(late.release()), 'not-held')
      assert.equal(await setup.clock.until(c.mutex.tryAcquire('key')), null)
      await setup.clock.until(next.renew())
    }),

    mutexCase(target, 'a release whose answer was lost is asked again and still answers released', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: 10 * ttlMs }))
      a.driver.fail('release', { kind: 'lost-reply' })
      assert.equal(await setup.clock.until(lease.release()), 'released')
      assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
    }),

    mutexCase(
      target,
      'release rejects while the server is away, and the key is free when its lease ends',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs }))
        a.driver.fail('release', { kind: 'lost-request' }, 10)
        await assert.rejects(setup.clock.until(lease.release()), { code: 'ERR_LOCK_UNAVAILABLE' })
        await setup.clock.until(b.mutex.acquire('key', { wait: 5 * ttlMs }))
      },
    ),

    mutexCase(target, 'withLock releases when its work is done and when it throws', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const answer = setup.clock.until(
        a.mutex.withLock('key', async (lease) => {
          assert.equal(await b.mutex.tryAcquire('key'), null)
          return lease.key
        }),
      )
      assert.equal(await answer, 'key')
      const failing = a.mutex.withLock('key', () => Promise.reject(new Error('work failed')))
      await assert.rejects(setup.clock.until(failing), { message: 'work failed' })
      assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
    }),

    mutexCase(target, 'withLock passes no result on whose lease ended before the work did', async (setup) => {
      const { mutex, node } = await setup.client()
      const working = mutex.withLock('key', () => node.sleep(2 * ttlMs), { ttl: ttlMs, renew: false })
      await assert.rejects(setup.clock.until(working), LOST)
    }),

    mutexCase(target, 'a lease is released at the end of its scope', async (setup) => {
      const { mutex } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key'))
      await setup.clock.until(lease[Symbol.asyncDispose]())
      assert.ok((await setup.clock.until(mutex.tryAcquire('key'))) !== null)
    }),
  ]
}

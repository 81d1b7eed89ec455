import assert from 'node:assert/strict'
import type { Lease, LockRenewal } from '@escapement/core'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'
import { toldInTime } from '../told-in-time.ts'

const LOST = { code: 'ERR_LEASE_LOST' }

/** How a lease is kept, and how its holder learns that it cannot be kept. */
export function renewalCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs, lingerMs } = caseTimes(target)
  return [
    mutexCase(target, 'a lease renews itself for as long as it is held', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs }))
      for (let passed = 0; passed < 3 * ttlMs; passed += ttlMs / 2) {
        await setup.clock.advance(ttlMs / 2)
        lease.assertHeld()
        assert.equal(lease.signal.aborted, false)
        assert.equal(await setup.clock.until(b.mutex.tryAcquire('key')), null)
      }
    }),

    mutexCase(target, 'leases of one ttl are renewed together in few requests', async (setup) => {
      const { mutex, driver, node } = await setup.client()
      const startedAt = node.monotonic()
      const leases: Lease[] = []
      for (let index = 0; index < 40; index++) {
        leases.push(await setup.clock.until(mutex.acquire(`key-${index}`, { ttl: 4 * ttlMs })))
        await setup.clock.advance(5)
      }
      await setup.clock.advance(1.8 * ttlMs)
      const batches = driver.calls
        .filter(({ method }) => method === 'renewMany')
        .map(({ argument }) => (argument as readonly LockRenewal[]).length)
      const renewed = batches.reduce((sum, size) => sum + size, 0)
      assert.ok(renewed >= 40, `${renewed} renewals`)
      const instants = (node.monotonic() - startedAt) / ((4 * ttlMs) / 12) // at which such leases are renewed
      assert.ok(batches.length <= instants + 4, `${batches.length} requests for ${renewed} renewals`)
      for (const lease of leases) lease.assertHeld()
    }),

    mutexCase(
      target,
      'promise 6: the signal fires before anyone else can get the key when renewals hang',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        a.driver.fail('renewMany', { kind: 'hanging-request' }, 100)
        const keptUntil = a.node.monotonic() + ttlMs
        const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs }))
        await toldInTime(setup, { lease, holder: a, other: b, keptUntil, passMs: ttlMs + lingerMs + 100 })
        assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
      },
    ),

    mutexCase(target, 'promise 6: rejected renewals are tried again, then the signal fires in time', async (setup) => {
      const { mutex, driver } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs }))
      driver.fail('renewMany', { kind: 'lost-request' }, 1_000)
      await setup.clock.advance(ttlMs)
      assert.equal(lease.signal.aborted, true, 'the signal has not fired')
      assert.equal(lease.remainingMs(), 0)
      assert.ok(driver.calls.filter(({ method }) => method === 'renewMany').length > 6)
    }),

    mutexCase(target, 'a lease survives renewals that fail for a while, lost replies among them', async (setup) => {
      const { mutex, driver } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: 2 * ttlMs }))
      driver.fail('renewMany', { kind: 'lost-request' })
      driver.fail('renewMany', { kind: 'lost-reply' })
      driver.fail('renewMany', { kind: 'hanging-request' })
      await setup.clock.advance(4 * ttlMs)
      lease.assertHeld()
      assert.equal(lease.signal.aborted, false)
    }),

    mutexCase(target, 'a lease that the server does not know any more is lost at its next renewal', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: 3 * ttlMs }))
      // Someone gives it back in its name: what an operator does, or a server that lost its data.
      await setup.clock.until(b.driver.release({ key: 'key', owner: lease.owner, fence: lease.fence }))
      await setup.clock.advance(1.2 * ttlMs)
      assert.equal(lease.signal.aborted, true, 'the signal has not fired')
      assert.throws(() => lease.assertHeld(), LOST)
      await assert.rejects(setup.clock.until(lease.renew()), LOST)
      assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
    }),

    mutexCase(
      target,
      'promise 6: a renewal that is granted after the end of the lease does not revive it',
      async (setup) => {
        const { mutex, driver } = await setup.client()
        const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs }))
        driver.fail('renewMany', { kind: 'late-reply', delayMs: ttlMs }, 100)
        await setup.clock.advance(1.1 * ttlMs)
        assert.equal(lease.signal.aborted, true, 'the signal has not fired')
        await setup.clock.advance(0.5 * ttlMs)
        assert.equal(lease.remainingMs(), 0)
        assert.throws(() => lease.assertHeld(), LOST)
      },
    ),

    mutexCase(target, 'a renewal counts from when it was sent, not from its answer', async (setup) => {
      const { mutex, driver } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: 6 * ttlMs, renew: false }))
      driver.fail('renewMany', { kind: 'late-reply', delayMs: 600 })
      await setup.clock.until(lease.renew())
      assert.ok(lease.remainingMs() > 0 && lease.remainingMs() <= 6 * ttlMs - 600)
    }),

    mutexCase(target, 'renew lengthens a lease, and never shortens it', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs, renew: false }))
      await setup.clock.until(lease.renew(3 * ttlMs))
      assert.ok(lease.remainingMs() > 2 * ttlMs)
      await setup.clock.until(lease.renew(ttlMs))
      assert.ok(lease.remainingMs() > 2 * ttlMs)
      await setup.clock.advance(2 * ttlMs)
      assert.equal(await setup.clock.until(b.mutex.tryAcquire('key')), null)
      await assert.rejects(setup.clock.until(lease.renew(0)), { code: 'ERR_INVALID_OPTION' })
    }),

    mutexCase(target, 'renew says when the server did not answer, and the lease goes on', async (setup) => {
      const { mutex, driver } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: 3 * ttlMs, renew: false }))
      for (const kind of ['lost-request', 'hanging-request'] as const) {
        driver.fail('renewMany', { kind })
        await assert.rejects(setup.clock.until(lease.renew()), { code: 'ERR_LOCK_UNAVAILABLE' })
      }
      lease.assertHeld()
    }),
  ]
}

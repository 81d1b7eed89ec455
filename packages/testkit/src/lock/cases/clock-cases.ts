import assert from 'node:assert/strict'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

const TEN_MINUTES_MS = 600_000
const LOST = { code: 'ERR_LEASE_LOST' }

/** Clocks that are wrong, and holders that stand still. */
export function clockCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs, lingerMs } = caseTimes(target)
  return [
    mutexCase(
      target,
      'promise 6: a blocked holder computes that its lease is over, and is told on its next turn',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs }))
        const { signal } = lease
        a.node.pause()
        await setup.clock.advance(1.5 * ttlMs + lingerMs)
        assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
        assert.equal(signal.aborted, false, 'no timer can have told it')
        assert.equal(lease.remainingMs(), 0)
        assert.throws(() => lease.assertHeld(), LOST)
        assert.equal(signal.aborted, true, 'asking has told it')
      },
    ),

    mutexCase(
      target,
      'promise 6: a holder that was stopped is told when it goes on, and its renewal revives nothing',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: ttlMs }))
        a.node.pause()
        await setup.clock.advance(2 * ttlMs)
        const next = await setup.clock.until(b.mutex.acquire('key', { ttl: 5 * ttlMs }))
        a.node.resume()
        await setup.clock.advance(100)
        assert.equal(lease.signal.aborted, true, 'the signal has not fired')
        assert.equal(await setup.clock.until(lease.release()), 'not-held')
        assert.ok(next.fence > lease.fence)
        await setup.clock.until(next.renew())
      },
    ),

    mutexCase(
      target,
      'promise 6: a wall clock that jumps ahead ends the lease at once, as after a sleep of the machine',
      async (setup) => {
        const { mutex, node } = await setup.client()
        const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs }))
        node.stepWallClock(TEN_MINUTES_MS)
        assert.equal(lease.remainingMs(), 0)
        assert.equal(lease.signal.aborted, true, 'the signal has not fired')
      },
    ),

    mutexCase(target, 'promise 6: a jump ahead is noticed by itself within a renewal', async (setup) => {
      const { mutex, node } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs }))
      const { signal } = lease
      node.stepWallClock(TEN_MINUTES_MS)
      await setup.clock.advance(ttlMs / 2)
      assert.equal(signal.aborted, true, 'the signal has not fired')
    }),

    mutexCase(target, 'promise 6: a wall clock that is set back makes no lease longer', async (setup) => {
      const { mutex, node } = await setup.client()
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs, renew: false }))
      node.stepWallClock(-TEN_MINUTES_MS)
      assert.ok(lease.remainingMs() < ttlMs)
      await setup.clock.advance(ttlMs)
      assert.equal(lease.remainingMs(), 0)
    }),

    mutexCase(target, 'a client whose clock is ten minutes off neither steals nor loses a lease', async (setup) => {
      for (const offsetMs of [TEN_MINUTES_MS, -TEN_MINUTES_MS]) {
        const [a, b] = [await setup.client(), await setup.client()]
        a.node.stepWallClock(-offsetMs)
        b.node.stepWallClock(offsetMs)
        const key = `key ${offsetMs}`
        const lease = await setup.clock.until(a.mutex.acquire(key, { ttl: ttlMs }))
        await setup.clock.advance(1.5 * ttlMs)
        assert.equal(await setup.clock.until(b.mutex.tryAcquire(key)), null)
        lease.assertHeld()
        assert.equal(await setup.clock.until(lease.release()), 'released')
        assert.ok((await setup.clock.until(b.mutex.tryAcquire(key))) !== null)
      }
    }),
  ]
}

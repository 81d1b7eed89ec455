import assert from 'node:assert/strict'
import type { LockRequest } from '@escapement/core'
import type { FaultyLockDriver } from '../faulty-lock-driver.ts'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'
import { toldInTime } from '../told-in-time.ts'

const UNAVAILABLE = { code: 'ERR_LOCK_UNAVAILABLE' }

function owners(driver: FaultyLockDriver): Set<string> {
  const asked = driver.calls.filter(({ method }) => method === 'tryAcquire')
  return new Set(asked.map(({ argument }) => (argument as LockRequest).owner))
}

/** What becomes of a request whose answer does not arrive, or arrives too late. */
export function lostAnswerCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(target, 'a grant whose answer was lost is found again under the same owner', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      for (const ask of ['acquire', 'tryAcquire'] as const) {
        a.driver.fail('tryAcquire', { kind: 'lost-reply' })
        const lease = await setup.clock.until(a.mutex[ask](ask, { ttl: ttlMs }))
        assert.ok(lease !== null)
        lease.assertHeld()
        assert.equal(await setup.clock.until(b.mutex.tryAcquire(ask)), null)
      }
      assert.equal(owners(a.driver).size, 2)
    }),

    mutexCase(target, 'promise 6: a lease counts from when it was asked for, not from the answer', async (setup) => {
      const { mutex, driver } = await setup.client()
      driver.fail('tryAcquire', { kind: 'late-reply', delayMs: 600 })
      const lease = await setup.clock.until(mutex.acquire('key', { ttl: 6 * ttlMs }))
      assert.ok(lease.remainingMs() > 0 && lease.remainingMs() <= 6 * ttlMs - 600)
    }),

    mutexCase(target, 'a lease found again is relied on only for what is left of it', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      a.driver.fail('tryAcquire', { kind: 'hanging-reply' })
      const keptUntil = a.node.monotonic() + 3 * ttlMs
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: 3 * ttlMs, renew: false }))
      assert.ok(lease.remainingMs() < 2.6 * ttlMs, 'the first answer was awaited for a sixth of the ttl')
      await toldInTime(setup, { lease, holder: a, other: b, keptUntil, passMs: 3 * ttlMs })
    }),

    mutexCase(
      target,
      'a grant whose answer takes longer than its lease is never handed out as a live one',
      async (setup) => {
        const { mutex, driver } = await setup.client()
        driver.fail('tryAcquire', { kind: 'late-reply', delayMs: 1.5 * ttlMs })
        const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs, renew: false }))
        assert.ok(lease.remainingMs() > 0)
        await setup.clock.advance(ttlMs)
        assert.equal(lease.remainingMs(), 0)
      },
    ),

    mutexCase(
      target,
      'a request that arrives after its lease was released gives its late grant back',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        a.driver.fail('tryAcquire', { kind: 'late-request', delayMs: 600 })
        const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: 3 * ttlMs }))
        await setup.clock.until(lease.release())
        await setup.clock.advance(700)
        assert.ok((await setup.clock.until(b.mutex.tryAcquire('key'))) !== null)
      },
    ),

    mutexCase(target, 'a grant that comes after the caller gave up is given back', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      a.driver.fail('tryAcquire', { kind: 'late-request', delayMs: 3 * ttlMs }, 100)
      await assert.rejects(setup.clock.until(a.mutex.acquire('key', { wait: 0, ttl: 60_000 })), UNAVAILABLE)
      await setup.clock.advance(3 * ttlMs)
      await setup.clock.until(b.mutex.acquire('key', { wait: 10 * ttlMs }))
    }),

    mutexCase(target, 'a grant under way when the caller aborts is given back', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      for (const kind of ['late-request', 'late-reply'] as const) {
        a.driver.fail('tryAcquire', { kind, delayMs: 100 })
        const abort = new AbortController()
        const settled = Promise.allSettled([a.mutex.acquire('key', { ttl: 60_000, signal: abort.signal })])
        await setup.clock.advance(50)
        abort.abort()
        const [outcome] = await setup.clock.until(settled)
        assert.deepEqual(outcome, { status: 'rejected', reason: abort.signal.reason })
        // Long before the lease would end by itself.
        const lease = await setup.clock.until(b.mutex.acquire('key', { wait: 10 * ttlMs }))
        await setup.clock.until(lease.release())
      }
    }),

    mutexCase(target, 'a server that does not answer is a LockUnavailableError, not a timeout', async (setup) => {
      const { mutex, driver } = await setup.client()
      driver.fail('tryAcquire', { kind: 'lost-request' }, 1_000)
      await assert.rejects(setup.clock.until(mutex.acquire('key', { wait: 300 })), UNAVAILABLE)
      await assert.rejects(setup.clock.until(mutex.tryAcquire('key')), UNAVAILABLE)
      driver.heal()
      driver.fail('tryAcquire', { kind: 'hanging-request' }, 1_000)
      await assert.rejects(setup.clock.until(mutex.acquire('key', { wait: 300 })), UNAVAILABLE)
      await assert.rejects(setup.clock.until(mutex.tryAcquire('key')), UNAVAILABLE)
    }),

    mutexCase(target, 'acquire asks on while the server comes back within its wait', async (setup) => {
      const { mutex, driver } = await setup.client()
      driver.fail('tryAcquire', { kind: 'lost-request' }, 4)
      const lease = await setup.clock.until(mutex.acquire('key', { wait: 10 * ttlMs }))
      lease.assertHeld()
      assert.equal(owners(driver).size, 1)
    }),
  ]
}

import assert from 'node:assert/strict'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

/** How a key is waited for. */
export function waitingCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  const isVirtual = target.time === 'virtual'
  return [
    mutexCase(target, 'rule 23: a waiter gets the key soon after its release', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key'))
      const waiting = awaitedLater(b.mutex.acquire('key'))
      await setup.clock.advance(500)
      await setup.clock.until(lease.release())
      const releasedAt = b.node.monotonic()
      await setup.clock.until(waiting)
      const handOffMs = b.node.monotonic() - releasedAt
      assert.ok(handOffMs <= (isVirtual ? 13 : 500), `${handOffMs} ms`)
    }),

    mutexCase(target, 'a lease is as long as its ttl also after a long wait for it', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key', { ttl: 5 * ttlMs }))
      const waiting = awaitedLater(b.mutex.acquire('key', { ttl: ttlMs }))
      await setup.clock.advance(2 * ttlMs)
      await setup.clock.until(lease.release())
      assert.ok((await setup.clock.until(waiting)).remainingMs() > ttlMs / 2)
    }),

    mutexCase(
      target,
      'acquire rejects with a LockTimeoutError when the key was held for all of its wait',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        await setup.clock.until(a.mutex.acquire('key'))
        const startedAt = b.node.monotonic()
        await assert.rejects(setup.clock.until(b.mutex.acquire('key', { wait: 300 })), { code: 'ERR_LOCK_TIMEOUT' })
        assert.ok(b.node.monotonic() - startedAt >= 300)
        await assert.rejects(setup.clock.until(b.mutex.acquire('key', { wait: 0 })), { code: 'ERR_LOCK_TIMEOUT' })
      },
    ),

    mutexCase(target, 'a wait ends with the reason of its signal, and leaves nothing behind', async (setup) => {
      const [a, b, c] = [await setup.client(), await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key'))
      const reason = new Error('no longer needed')
      const abort = new AbortController()
      const waiting = [1, 2].map(() => b.mutex.acquire('key', { signal: abort.signal }))
      const settled = Promise.allSettled(waiting)
      await setup.clock.advance(100)
      abort.abort(reason)
      for (const outcome of await setup.clock.until(settled)) assert.deepEqual(outcome, { status: 'rejected', reason })
      await setup.clock.until(lease.release())
      await setup.clock.advance(100)
      assert.ok((await setup.clock.until(c.mutex.tryAcquire('key'))) !== null)
    }),

    mutexCase(target, 'a signal that has fired before asks the server nothing', async (setup) => {
      const { mutex, driver } = await setup.client()
      const signal = AbortSignal.abort(new Error('too late'))
      await assert.rejects(mutex.acquire('key', { signal }), { message: 'too late' })
      await assert.rejects(mutex.tryAcquire('key', { signal }), { message: 'too late' })
      assert.deepEqual(driver.calls, [])
    }),

    mutexCase(target, 'a signal does not end the lease that was granted', async (setup) => {
      const { mutex } = await setup.client()
      const abort = new AbortController()
      const lease = await setup.clock.until(mutex.acquire('key', { signal: abort.signal }))
      abort.abort()
      lease.assertHeld()
      assert.equal(lease.signal.aborted, false)
    }),

    mutexCase(target, 'a hundred waiters of one manager are served in order, and none is left out', async (setup) => {
      const { mutex, driver } = await setup.client()
      const order: number[] = []
      const numbers = Array.from({ length: 100 }, (_, index) => index)
      const served = numbers.map((index) =>
        mutex.withLock('key', async () => void order.push(index), { wait: 60_000, ttl: 10 * ttlMs }),
      )
      await setup.clock.until(Promise.all(served))
      assert.deepEqual(order, numbers, 'they were not served in order')
      assert.ok(driver.calls.length < 1_000, 'waiters in line do not ask the server')
    }),

    mutexCase(target, 'waiters of several managers all get the key, one at a time', async (setup) => {
      const clients = await Promise.all([setup.client(), setup.client(), setup.client()])
      const fences: bigint[] = []
      let inside = 0
      const work = clients.flatMap(({ mutex, node }) =>
        Array.from({ length: 5 }, () =>
          mutex.withLock(
            'key',
            async ({ fence }) => {
              assert.equal(++inside, 1)
              fences.push(fence)
              await node.sleep(5)
              inside--
            },
            { wait: 60_000, ttl: 10 * ttlMs },
          ),
        ),
      )
      await setup.clock.until(Promise.all(work))
      assert.equal(fences.length, 15)
      assert.deepEqual(
        fences,
        fences.toSorted((x, y) => (x < y ? -1 : 1)),
      )
    }),

    mutexCase(target, 'a waiter that gives up lets the next one in line go on', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const lease = await setup.clock.until(a.mutex.acquire('key'))
      const impatient = b.mutex.acquire('key', { wait: 100 })
      const patient = awaitedLater(b.mutex.acquire('key', { wait: 5 * ttlMs }))
      await assert.rejects(setup.clock.until(impatient), { code: 'ERR_LOCK_TIMEOUT' })
      await setup.clock.until(lease.release())
      ;(await setup.clock.until(patient)).assertHeld()
    }),
  ]
}

/** When a case fails before it comes to await this, closing rejects it: which is no failure of its own. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

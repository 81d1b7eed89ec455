import assert from 'node:assert/strict'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

const ALIKE = [
  'a',
  'A',
  'a ',
  ' a',
  'a\t',
  'á',
  'a\u0301',
  'ａ',
  'ß',
  'ss',
  'a/b',
  'a:b',
  'a{b}',
  '\u{1F512}',
  'x'.repeat(512),
]

/** Who gets a key, and with which fence. */
export function grantCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(
      target,
      'a free key is granted, a held one is refused, a released one is granted again',
      async (setup) => {
        const [a, b] = [await setup.client(), await setup.client()]
        const first = await setup.clock.until(a.mutex.tryAcquire('key', { ttl: ttlMs }))
        assert.ok(first !== null)
        assert.equal(await setup.clock.until(b.mutex.tryAcquire('key')), null)
        assert.equal(await setup.clock.until(a.mutex.tryAcquire('key')), null, 'nor is it granted to the holder itself')
        assert.equal(await setup.clock.until(first.release()), 'released')
        const second = await setup.clock.until(b.mutex.tryAcquire('key'))
        assert.ok(second !== null)
      },
    ),

    mutexCase(
      target,
      'a lease names its key and owner, says what is left of it, and that it is held',
      async (setup) => {
        const { mutex } = await setup.client()
        const lease = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs }))
        assert.equal(lease.key, 'key')
        lease.assertHeld()
        const leftMs = lease.remainingMs()
        assert.ok(leftMs > 0 && leftMs < ttlMs, `${leftMs} ms are left`)
        const other = await setup.clock.until(mutex.acquire('other', { ttl: ttlMs }))
        assert.notEqual(other.owner, lease.owner, 'each lease has an owner of its own')
      },
    ),

    mutexCase(target, 'of many who ask at once exactly one gets the key', async (setup) => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => setup.client()))
      for (let round = 0; round < 5; round++) {
        const asked = clients.flatMap(({ mutex }) => Array.from({ length: 8 }, () => mutex.tryAcquire('key')))
        const leases = (await setup.clock.until(Promise.all(asked))).filter((lease) => lease !== null)
        assert.equal(leases.length, 1)
        await setup.clock.until(Promise.all(leases.map((lease) => lease.release())))
      }
    }),

    mutexCase(target, 'rule 16: fences grow with every grant, after release and after expiry alike', async (setup) => {
      const [a, b] = [await setup.client(), await setup.client()]
      const fences: bigint[] = []
      for (const { mutex } of [a, b, a]) {
        // A renewal is answered within a sixth of the ttl, which a busy machine may need.
        const lease = await setup.clock.until(mutex.acquire('key', { ttl: 10 * ttlMs }))
        await setup.clock.until(lease.renew())
        fences.push(lease.fence)
        await setup.clock.until(lease.release())
      }
      for (const { mutex } of [b, a]) {
        fences.push((await setup.clock.until(mutex.acquire('key', { ttl: ttlMs, renew: false }))).fence)
        await setup.clock.advance(1.2 * ttlMs)
      }
      for (const [index, fence] of fences.entries()) assert.ok(fence > (fences[index - 1] ?? 0n))
    }),

    mutexCase(target, 'keys that look alike are different locks', async (setup) => {
      const { mutex } = await setup.client()
      const leases = await setup.clock.until(Promise.all(ALIKE.map((key) => mutex.tryAcquire(key))))
      const refused = ALIKE.filter((_, index) => leases[index] === null)
      assert.deepEqual(refused, [])
      assert.deepEqual(
        await setup.clock.until(Promise.all(ALIKE.map((key) => mutex.tryAcquire(key)))),
        ALIKE.map(() => null),
      )
    }),

    mutexCase(target, 'a key or ttl that cannot be kept is refused before the server is asked', async (setup) => {
      const { mutex, driver } = await setup.client()
      const invalid = { code: 'ERR_INVALID_OPTION' }
      for (const key of ['', 'x'.repeat(513), 'é'.repeat(257), '\ud800', 'a\0b', 7 as unknown as string]) {
        await assert.rejects(mutex.acquire(key), invalid)
        await assert.rejects(mutex.tryAcquire(key), invalid)
      }
      for (const ttl of [0, -1, driver.minTtlMs - 1, driver.maxTtlMs + 1, Number.NaN, '5 s' as '5s']) {
        await assert.rejects(mutex.acquire('key', { ttl }), invalid)
      }
      await assert.rejects(mutex.acquire('key', { wait: -1 }), invalid)
      assert.deepEqual(driver.calls, [])
    }),

    mutexCase(target, 'a holder that died frees its key when its lease ends, and no earlier', async (setup) => {
      const [dead, next] = [await setup.client(), await setup.client()]
      const startedAt = next.node.monotonic()
      await setup.clock.until(dead.mutex.acquire('key', { ttl: ttlMs, renew: false }))
      await setup.clock.until(next.mutex.acquire('key', { wait: 10 * ttlMs }))
      const waitedMs = next.node.monotonic() - startedAt
      assert.ok(waitedMs >= ttlMs - 5, `waited ${waitedMs} ms`)
      // Real servers may keep a lease for longer than was asked for.
      if (target.time === 'virtual') assert.ok(waitedMs <= ttlMs + 50, `waited ${waitedMs} ms`)
    }),
  ]
}

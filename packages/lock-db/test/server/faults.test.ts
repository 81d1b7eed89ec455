import { LockUnavailableError, type MutexManager } from '@escapement/core'
import { dbMutex } from '@escapement/lock-db'
import { cutOffHolder, leaseLost, silentLogger } from '@escapement/testkit'
import { endSessions, startServer, startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { sql } from 'kysely'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type ServerPool, serverPool } from '../server-pools.ts'

const TTL_MS = 1_000

// At the same time: they mostly wait, each behind a proxy of its own and with keys of its own.
describeOnServers(['postgres', 'mariadb'], { concurrent: true }, ({ kind, url }) => {
  /** A mutex behind a proxy, with one connection that is there, and one that goes to the server straight. */
  async function given(
    body: (setup: {
      proxy: TcpProxy
      mutex: MutexManager
      others: MutexManager
      straight: ServerPool<object>
    }) => Promise<void>,
  ): Promise<void> {
    await using proxy = await startTcpProxy(url())
    await using through = serverPool(kind, proxy.url, 1)
    await using straight = serverPool(kind, url())
    await using mutex = dbMutex(through.pool, { logger: silentLogger })
    await using others = dbMutex(straight.pool, { logger: silentLogger })
    // Statements are prepared afterwards: the next bytes are the next call.
    for (let times = 0; times < 2; times++) await mutex.withLock('warm', (lease) => lease.renew())
    await body({ proxy, mutex, others, straight })
  }

  test('a grant whose reply was lost after the server acted is found again, and is not made twice', async () => {
    await given(async ({ proxy, mutex, others, straight }) => {
      await (await others.acquire('granted')).release()
      const reply = proxy.loseReply()
      const lease = await mutex.acquire('granted', { ttl: '10s' })
      await reply
      lease.assertHeld()
      expect(await others.tryAcquire('granted')).toBeNull()
      const { rows } = await sql<{
        fence: string
      }>`SELECT fence FROM escapement_locks WHERE owner = ${lease.owner}`.execute(straight.kysely)
      expect(rows.map(({ fence }) => BigInt(fence))).toEqual([lease.fence])
      expect(await lease.release()).toBe('released')
    })
  })

  test('a release whose reply was lost is a release, a renewal whose reply was lost a renewal', async () => {
    await given(async ({ proxy, mutex, others }) => {
      const lease = await mutex.acquire('returned', { ttl: '10s' })
      const renewed = proxy.loseReply()
      await expect(lease.renew('20s')).rejects.toThrow(LockUnavailableError)
      await renewed
      await lease.renew()
      expect(lease.remainingMs()).toBeGreaterThan(15_000)
      const released = proxy.loseReply()
      expect(await lease.release()).toBe('released')
      await released
      expect(await others.tryAcquire('returned')).not.toBeNull()
    })
  })

  test('leases and waiters outlive connections that are cut, again and again', async () => {
    await given(async ({ proxy, mutex, others }) => {
      const lease = await mutex.acquire('cut', { ttl: TTL_MS })
      const other = await others.acquire('awaited', { ttl: '10s' })
      const waiting = mutex.acquire('awaited', { wait: '10s' })
      for (let cut = 0; cut < 8; cut++) {
        await sleep(TTL_MS / 4)
        proxy.cut()
      }
      lease.assertHeld()
      expect(await others.tryAcquire('cut')).toBeNull()
      await other.release()
      ;(await waiting).assertHeld()
    })
  })

  // oxlint-disable-next-line vitest/expect-expect -- the assertions are those of cutOffHolder
  test('promise 6: a holder that is cut off from the server is told before anybody else is granted its key', async () => {
    await given(({ proxy, mutex, others }) => cutOffHolder({ proxy, mutex, others, ttlMs: TTL_MS }))
  })

  test('a server that is gone is a LockUnavailableError that names it, and is used again when it is back', async () => {
    await given(async ({ proxy, mutex }) => {
      await proxy.refuse()
      proxy.cut()
      const refused = await mutex.acquire('gone', { wait: 200 }).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(LockUnavailableError)
      expect((refused as LockUnavailableError).cause).toMatchObject({
        code: 'ERR_DATABASE_UNAVAILABLE',
        retryable: true,
      })
      const waiting = mutex.acquire('gone', { wait: '10s' })
      await sleep(300)
      await proxy.heal()
      ;(await waiting).assertHeld()
    })
  })

  test('a pool whose only connection a handler holds costs a lease, never two holders, and works afterwards', async () => {
    await using single = serverPool(kind, url(), 1)
    await using opened = serverPool(kind, url())
    await using mutex = dbMutex(single.pool, { logger: silentLogger })
    await using others = dbMutex(opened.pool, { logger: silentLogger })
    const lease = await mutex.acquire('pool', { ttl: TTL_MS })
    const ended = leaseLost(lease)
    await single.kysely.connection().execute(async () => {
      await expect(mutex.acquire('other', { ttl: '60s', wait: 100 })).rejects.toThrow(LockUnavailableError)
      const next = await others.acquire('pool', { wait: '10s' })
      const grantedAt = performance.now()
      expect(await ended).toBeLessThan(grantedAt)
      await next.release()
    })
    ;(await mutex.acquire('pool')).assertHeld()
    // What was asked for in vain has been given back.
    ;(await others.acquire('other', { wait: '5s' })).assertHeld()
  })

  // Alone: it ends the sessions of all.
  test('sessions that the server ends twice a second cost no lease', { concurrent: false }, async () => {
    await given(async ({ mutex, others }) => {
      const lease = await mutex.acquire('ended', { ttl: TTL_MS })
      let rounds = 0
      for (let round = 0; round < 4; round++) {
        await endSessions(kind, url())
        const endAt = performance.now() + 500
        while (performance.now() < endAt) {
          await mutex.withLock('busy', async () => void rounds++)
        }
      }
      lease.assertHeld()
      expect(rounds).toBeGreaterThan(20)
      expect(await others.tryAcquire('ended')).toBeNull()
    })
  })
})

describeOnServers(['postgres', 'mariadb'], ({ kind }) => {
  test('leases outlive restarts of the server that are shorter than they are, and fences go on', async ({ skip }) => {
    if (kind === 'mysql') return skip()
    await using server = await startServer(kind, { isOwn: true })
    const { process } = server
    if (process === null) return skip('only a server that is started from programs can be restarted')
    await using opened = serverPool(kind, server.url)
    await using mutex = dbMutex(opened.pool, { logger: silentLogger })
    const lease = await mutex.acquire('kept', { ttl: '60s' })
    const short = await mutex.acquire('short', { ttl: '60s' })
    for (const how of ['orderly', 'crash'] as const) {
      await process.restart(how)
      lease.assertHeld()
      await using anew = dbMutex(opened.pool, { logger: silentLogger })
      expect(await anew.tryAcquire('kept')).toBeNull()
      await lease.renew('60s')
    }
    expect(await short.release()).toBe('released')
    expect((await mutex.acquire('short')).fence).toBeGreaterThan(short.fence)
  }, 60_000)
})

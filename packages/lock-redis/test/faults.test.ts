import { LockUnavailableError, type MutexManager } from '@escapement/core'
import { redisLockDriver, redisMutex } from '@escapement/lock-redis'
import { cutOffHolder, silentLogger } from '@escapement/testkit'
import { startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { LIBRARIES, type OpenClient, openClient } from './clients.ts'

// More would be late for what the clock judges.
vi.setConfig({ maxConcurrency: 4 })

const TTL_MS = 1_000
let tests = 0

describeWithServer('redis', ({ url }) => {
  // At the same time: they mostly wait, each behind a proxy of its own and with keys of its own.
  describe.each(Object.entries(LIBRARIES))('by %s', { concurrent: true }, (_, open) => {
    /** A mutex behind a proxy, and one that goes to the server straight. */
    async function given(
      body: (setup: {
        proxy: TcpProxy
        mutex: MutexManager
        through: OpenClient
        others: MutexManager
        straight: OpenClient
        prefix: string
      }) => Promise<void>,
    ): Promise<void> {
      const prefix = `fault-${++tests}:`
      await using proxy = await startTcpProxy(url)
      await using through = await open(proxy.url)
      await using straight = await openClient(url)
      await using mutex = redisMutex(through.client, { prefix, logger: silentLogger })
      await using others = redisMutex(straight.client, { prefix, logger: silentLogger })
      for (let times = 0; times < 2; times++) await mutex.withLock('warm', (lease) => lease.renew())
      await body({ proxy, mutex, through, others, straight, prefix })
    }

    test('a grant whose reply was lost after the server acted is found again, and is not made twice', async () => {
      await given(async ({ proxy, mutex, others, straight, prefix }) => {
        const reply = proxy.loseReply({ request: 'granted' })
        const lease = await mutex.acquire('granted', { ttl: '10s' })
        await reply
        lease.assertHeld()
        expect(await others.tryAcquire('granted')).toBeNull()
        expect(await straight.command('GET', `${prefix}{granted}:lock`)).toBe(`${lease.fence} ${lease.owner}`)
        expect(await straight.command('GET', `${prefix}{granted}:fence`)).toBe(String(lease.fence))
        expect(await lease.release()).toBe('released')
      })
    })

    test('a release whose reply was lost is a release, a renewal whose reply was lost is made again', async () => {
      await given(async ({ proxy, mutex, others }) => {
        const lease = await mutex.acquire('returned', { ttl: '10s' })
        const renewed = proxy.loseReply({ request: 'returned' })
        await lease.renew('20s').catch(() => undefined) // ioredis sends it again by itself
        await renewed
        await lease.renew()
        expect(lease.remainingMs()).toBeGreaterThan(15_000)
        const released = proxy.loseReply({ request: 'returned' })
        expect(await lease.release()).toBe('released')
        await released
        expect(await others.tryAcquire('returned')).not.toBeNull()
      })
    })

    test('leases and waiters outlive connections that are cut, again and again', async () => {
      await given(async ({ proxy, mutex, others }) => {
        const lease = await mutex.acquire('cut', { ttl: '3s' })
        const other = await others.acquire('awaited', { ttl: '10s' })
        const waiting = mutex.acquire('awaited', { wait: '10s' })
        for (let cut = 0; cut < 6; cut++) {
          await sleep(500)
          proxy.cut()
        }
        lease.assertHeld()
        expect(await others.tryAcquire('cut')).toBeNull()
        await other.release()
        ;(await waiting).assertHeld()
      })
    })

    test('a connection that ends before a command is written to it leaves the client of use', async () => {
      const sockets: Socket[] = []
      const note = (message: unknown): number => sockets.push((message as { socket: Socket }).socket)
      subscribe('net.client.socket', note)
      try {
        await given(async ({ proxy, mutex, through, others }) => {
          const socket = sockets.find(({ remotePort }) => remotePort === proxy.port)
          const asked = mutex.acquire('asked', { wait: '10s' })
          for (let step = 0; step < 50; step++) await Promise.resolve() // it is with the client now
          socket?.destroy(new Error('ended by the test'))
          const lease = await asked
          lease.assertHeld()
          expect(await others.tryAcquire('asked')).toBeNull()
          expect(await through.command('PING')).toBe('PONG')
          expect(await lease.release()).toBe('released')
        })
      } finally {
        unsubscribe('net.client.socket', note)
      }
    })

    test('a release while the connection for messages is gone is noticed long before its lease would end', async () => {
      await given(async ({ proxy, mutex, others, straight, prefix }) => {
        const other = await others.acquire('missed', { ttl: '60s' })
        const waiting = mutex.acquire('missed', { wait: '30s', ttl: '60s' })
        const channel = `${prefix}{missed}:lock`
        await vi.waitFor(async () => expect(await straight.command('PUBSUB', 'NUMSUB', channel)).toEqual([channel, 1]))
        await proxy.refuse()
        proxy.cut()
        await other.release()
        await sleep(100)
        await proxy.heal()
        const startedAt = performance.now()
        ;(await waiting).assertHeld()
        expect(performance.now() - startedAt).toBeLessThan(6_000)
      })
    })

    // oxlint-disable-next-line vitest/expect-expect -- the assertions are those of cutOffHolder
    test('promise 6: a holder that is cut off from the server is told before anybody else is granted its key', async () => {
      await given(({ proxy, mutex, others }) => cutOffHolder({ proxy, mutex, others, ttlMs: TTL_MS }))
    })

    test('what is asked for while the server is away is not left in the queue of the client', async () => {
      await given(async ({ proxy, mutex, through, straight, prefix }) => {
        await proxy.refuse()
        proxy.cut()
        await vi.waitFor(() => expect(through.isReady()).toBe(false))
        const refused = await mutex.acquire('gone', { wait: 200 }).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(LockUnavailableError)
        expect((refused as LockUnavailableError).cause).toMatchObject({
          code: 'ERR_REDIS_UNAVAILABLE',
          retryable: true,
        })
        await proxy.heal()
        await vi.waitFor(async () => expect(await through.command('PING')).toBe('PONG'), { timeout: 10_000 })
        expect(await straight.command('EXISTS', `${prefix}{gone}:fence`)).toBe(0)
        ;(await mutex.acquire('gone')).assertHeld()
      })
    })

    test('a release while the server is away says so, and is not made later', async () => {
      await given(async ({ proxy, mutex, through, others }) => {
        const lease = await mutex.acquire('away', { ttl: '60s' })
        await proxy.refuse()
        proxy.cut()
        await vi.waitFor(() => expect(through.isReady()).toBe(false))
        await expect(lease.release()).rejects.toThrow(LockUnavailableError)
        await proxy.heal()
        await vi.waitFor(async () => expect(await through.command('PING')).toBe('PONG'), { timeout: 10_000 })
        expect(await others.tryAcquire('away')).toBeNull()
      })
    })

    test('a closed mutex leaves no connection of its own and nothing that listens', async () => {
      await given(async ({ proxy, mutex, through, others }) => {
        const listeners = (): number =>
          ['ready', 'end', 'error'].reduce(
            (sum, event) => sum + (through.client as unknown as NodeJS.EventEmitter).listenerCount(event),
            0,
          )
        const before = { listeners: listeners(), connections: proxy.openConnections }
        const lease = await others.acquire('held')
        await expect(mutex.acquire('held', { wait: 300 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' })
        expect(proxy.openConnections).toBe(before.connections + 1)
        await mutex.close()
        await vi.waitFor(() => expect(proxy.openConnections).toBe(before.connections))
        expect(listeners()).toBe(before.listeners)
        expect(await through.command('PING')).toBe('PONG')
        await lease.release()
      })
    })

    test('a client that the host has closed is an error that says so, and is not asked again', async () => {
      const opened = await open(url)
      await using mutex = redisMutex(opened.client, { logger: silentLogger })
      await (await mutex.acquire('closed')).release()
      await opened[Symbol.asyncDispose]()
      const startedAt = performance.now()
      const refused = await mutex.acquire('closed', { wait: '10s' }).catch((error: unknown) => error)
      expect((refused as LockUnavailableError).cause).toMatchObject({ code: 'ERR_REDIS_UNUSABLE', retryable: false })
      expect(performance.now() - startedAt).toBeLessThan(5_000)
    })
  })

  test('a hundred waiters of a key listen to one channel, which ends a moment after the last of them', async () => {
    await using waiting = await openClient(url)
    await using watching = await openClient(url)
    const prefix = `fault-${++tests}:`
    const driver = redisLockDriver(waiting.client, { prefix })
    const holder = redisLockDriver(watching.client, { prefix })
    await holder.tryAcquire({ key: 'key', owner: 'owner', ttlMs: 60_000 })
    const subscribers = async (): Promise<unknown> =>
      ((await watching.command('PUBSUB', 'NUMSUB', `${prefix}{key}:lock`)) as unknown[])[1]
    const request = { key: 'key', owner: 'other', ttlMs: 1_000 }
    const { signal } = new AbortController()
    const waits = Array.from({ length: 100 }, async () =>
      driver.waitForRelease?.(request, { timeoutMs: 20_000, signal }),
    )
    await expect.poll(subscribers).toBe(1)
    expect(await holder.release({ key: 'key', owner: 'owner', fence: null })).toBe(true)
    await Promise.all(waits)
    await expect.poll(subscribers, { timeout: 5_000 }).toBe(0)
    await driver.close()
    await holder.close()
  })
})

import { InvalidOptionError } from '@escapement/base'
import { LockUnavailableError } from '@escapement/core'
import { type RedisClient, redisQuorumLockDriver, redisQuorumMutex } from '@escapement/lock-redis'
import { startServer, startTcpProxy, type TcpProxy, type TestServer } from '@escapement/testkit/servers'
import { describeMutexContract, describeWithServer } from '@escapement/testkit/vitest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenClient, openClient } from './clients.ts'
import { silentLogger } from './silent-logger.ts'

const SERVERS = 3
let cases = 0

describeWithServer('redis', () => {
  const servers: TestServer[] = []
  /** One client of each server for the first client of every case, and so on. */
  const clients: Promise<OpenClient[]>[] = []
  beforeAll(async () => {
    for (let server = 0; server < SERVERS; server++) servers.push(await startServer('redis', { isOwn: true }))
  })
  afterAll(async () => {
    for (const opened of (await Promise.all(clients)).flat()) await opened[Symbol.asyncDispose]()
    for (const server of servers) await server.stop()
  })
  const open = (urls = servers.map(({ url }) => url)): Promise<OpenClient[]> => Promise.all(urls.map(openClient))
  const clientsOf = (opened: readonly OpenClient[]): RedisClient[] => opened.map(({ client }) => client)
  const forget = async (server: number, prefix: string): Promise<void> => {
    const { command } = (await (clients[0] ??= open()))[server] as OpenClient
    const names = (await command('KEYS', `${prefix}*`)) as string[]
    await Promise.all(names.map((name) => command('DEL', name)))
  }

  describeMutexContract('redisQuorumMutex', {
    time: 'real',
    lacks: ['advanceMany'],
    start: async () => {
      const prefix = `case-${++cases}:`
      let connected = 0
      return {
        connect: async () => {
          const opened = await (clients[connected++] ??= open())
          for (const { command } of opened) await command('PING')
          return redisQuorumLockDriver(clientsOf(opened), { prefix })
        },
        loseData: async () => {
          for (const [server] of servers.entries()) await forget(server, prefix)
        },
        stop: async () => undefined,
      }
    },
  })

  /** Two mutexes; the first goes to each server through a proxy. */
  async function given(
    body: (setup: {
      proxies: readonly TcpProxy[]
      mutex: ReturnType<typeof redisQuorumMutex>
      others: ReturnType<typeof redisQuorumMutex>
      prefix: string
    }) => Promise<void>,
  ): Promise<void> {
    const prefix = `case-${++cases}:`
    await using stack = new AsyncDisposableStack()
    const proxies = await Promise.all(servers.map(({ url }) => startTcpProxy(url)))
    for (const proxy of proxies) stack.use(proxy)
    const through = await open(proxies.map(({ url }) => url))
    const straight = await open()
    for (const opened of [...through, ...straight]) stack.use(opened)
    const mutex = stack.use(redisQuorumMutex(clientsOf(through), { prefix, logger: silentLogger }))
    const others = stack.use(redisQuorumMutex(clientsOf(straight), { prefix, logger: silentLogger }))
    await mutex.withLock('warm', (lease) => lease.renew())
    await others.withLock('warm', (lease) => lease.renew())
    await body({ proxies, mutex, others, prefix })
  }

  test('an even number of servers, too few, or one that is given twice are refused', async () => {
    const different = clientsOf(await open())
    const [one, two, three] = different as [RedisClient, RedisClient, RedisClient]
    for (const wrong of [[], [one], [one, two], [one, two, two], [one, two, three, one]]) {
      expect(() => redisQuorumMutex(wrong)).toThrow(InvalidOptionError)
    }
    for (const client of different) (client as unknown as { disconnect(): void }).disconnect()
  })

  test('rule 16: fences grow whichever majority grants them, and whatever a minority has forgotten', async () => {
    await given(async ({ proxies, mutex, others, prefix }) => {
      let before = 0n
      for (let round = 0; round < 6; round++) {
        const away = proxies[round % SERVERS] as TcpProxy
        away.freeze()
        for (const each of [mutex, others]) {
          const lease = await each.acquire('key', { ttl: '5s' })
          expect(lease.fence).toBeGreaterThan(before)
          before = lease.fence
          expect(await lease.release()).toBe('released')
        }
        away.thaw()
        await forget((round + 1) % SERVERS, prefix)
      }
    })
  }, 60_000)

  test('a lease is granted, renewed and released while a minority is away', async () => {
    await given(async ({ proxies, mutex, others }) => {
      await proxies[0]?.refuse()
      proxies[0]?.cut()
      const lease = await mutex.acquire('key', { ttl: '2s' })
      expect(await others.tryAcquire('key')).toBeNull()
      await lease.renew()
      expect(await lease.release()).toBe('released')
      ;(await others.acquire('key')).assertHeld()
    })
  })

  test('when a majority is away every call settles in time, and nothing stays held', async () => {
    await given(async ({ proxies, mutex, others }) => {
      const lease = await mutex.acquire('held', { ttl: '1s' })
      for (const proxy of proxies.slice(1)) proxy.swallow()
      const startedAt = performance.now()
      await expect(mutex.acquire('key', { ttl: '60s', wait: 300 })).rejects.toBeInstanceOf(LockUnavailableError)
      await expect(mutex.tryAcquire('key', { ttl: '60s' })).rejects.toBeInstanceOf(LockUnavailableError)
      expect(lease.signal.aborted).toBe(true)
      await lease.release().catch(() => undefined)
      expect(performance.now() - startedAt).toBeLessThan(15_000)
      ;(await others.acquire('key', { ttl: '1s' })).assertHeld()
    })
  })

  test('of many who ask at once exactly one gets the key, and none waits for ever', async () => {
    const prefix = `case-${++cases}:`
    const groups = await Promise.all(Array.from({ length: 4 }, () => open()))
    const mutexes = groups.map((opened) => redisQuorumMutex(clientsOf(opened), { prefix, logger: silentLogger }))
    let inside = 0
    const fences: bigint[] = []
    const work = mutexes.flatMap((mutex) =>
      Array.from({ length: 10 }, () =>
        mutex.withLock(
          'key',
          async ({ fence }) => {
            expect(++inside).toBe(1)
            fences.push(fence)
            await new Promise((resolve) => setTimeout(resolve, 2))
            inside--
          },
          { ttl: '10s', wait: '30s' },
        ),
      ),
    )
    await Promise.all(work)
    expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(fences).size).toBe(40)
    for (const mutex of mutexes) await mutex.close()
    for (const opened of groups.flat()) await opened[Symbol.asyncDispose]()
  }, 60_000)
})

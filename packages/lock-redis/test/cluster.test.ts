import type { LockUnavailableError } from '@escapement/core'
import { type RedisClient, redisLockDriver, redisMutex } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import { describeWithServer } from '@escapement/testkit/vitest'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis5'
import { createCluster } from 'redis'
import { createCluster as createCluster5 } from 'redis5'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from './start-cluster.ts'

interface ClusterClient {
  readonly client: RedisClient
  readonly close: () => Promise<void>
}

type Places = readonly { readonly host: string; readonly port: number }[]

/** Keys whose own braces would end their part of a name early, or leave it empty. */
const KEYS = [
  'plain',
  '{tag}',
  '}',
  '{}',
  '}{',
  'a}b',
  '{a',
  '%7D',
  'é}',
  ...Array.from({ length: 40 }, (_, n) => `k${n}`),
]

const LIBRARIES: Readonly<Record<string, (places: Places) => Promise<ClusterClient>>> = {
  'ioredis 6': async (places) => ofIoredis(new Cluster([...places])),
  'ioredis 5': async (places) => ofIoredis(new Cluster5([...places])),
  'redis 6': async (places) => ofNodeRedis(createCluster({ rootNodes: places.map(urlOf) })),
  'redis 5': async (places) => ofNodeRedis(createCluster5({ rootNodes: places.map(urlOf) })),
}

function urlOf({ host, port }: Places[number]): { url: string } {
  return { url: `redis://${host}:${port}` }
}

async function ofIoredis(client: Cluster | Cluster5): Promise<ClusterClient> {
  client.on('error', () => undefined)
  return { client, close: async () => client.disconnect() }
}

async function ofNodeRedis(
  client: ReturnType<typeof createCluster> | ReturnType<typeof createCluster5>,
): Promise<ClusterClient> {
  client.on('error', () => undefined)
  await client.connect()
  return { client, close: async () => client.destroy() }
}

describeWithServer('redis', () => {
  let cluster: TestCluster | null
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  test.for(Object.entries(LIBRARIES))(
    'all that a driver does is done in a Cluster, whatever the key, by %s',
    async ([library, open], { skip }) => {
      if (cluster === null) return skip('redis-server is not on the path')
      const { client, close } = await open(cluster.ports.map((port) => ({ host: '127.0.0.1', port })))
      const driver = redisLockDriver(client, { prefix: `${library.replace(' ', '-')}:`, logger: silentLogger })
      const requests = KEYS.map((key) => ({ key, owner: 'owner', ttlMs: 60_000 }))
      const grants = await Promise.all(requests.map(async (request) => driver.tryAcquire(request)))
      const holds = requests.map((request, index) => {
        const grant = grants[index]
        return { ...request, fence: grant?.isGranted ? grant.fence : 0n }
      })
      expect(holds.filter(({ fence }) => fence === 0n)).toEqual([])
      expect(new Set(await driver.renewMany(holds))).toEqual(new Set(['renewed']))
      const entries = KEYS.map((key) => ({ key, value: 5 }))
      expect(new Set(await driver.advanceMany?.(entries))).toEqual(new Set([true]))
      expect(new Set(await driver.advanceMany?.(entries))).toEqual(new Set([false]))
      const request = { key: '}', owner: 'other', ttlMs: 1_000 }
      const startedAt = performance.now()
      const waiting = driver.waitForRelease?.(request, { timeoutMs: 20_000, signal: new AbortController().signal })
      for (const hold of holds) expect(await driver.release(hold)).toBe(true)
      await waiting
      expect(performance.now() - startedAt).toBeLessThan(10_000)
      expect(Math.abs(((await driver.now?.()) ?? 0) - Date.now())).toBeLessThan(60_000)
      expect(() => redisMutex(client, { quarantine: true })).toThrow(/quarantine/)
      await driver.close()
      await close()
    },
  )

  test('a client that does not know Clusters is told so', async ({ skip }) => {
    if (cluster === null) return skip('redis-server is not on the path')
    const client = new Redis(cluster.ports[0] ?? 0, '127.0.0.1')
    await using mutex = redisMutex(client, { logger: silentLogger })
    const causes = await Promise.all(
      KEYS.map(async (key) =>
        mutex.tryAcquire(key).then(
          () => null,
          (error: unknown) => (error as LockUnavailableError).cause,
        ),
      ),
    )
    const refused = causes.filter((cause) => cause !== null)
    expect(refused.length).toBeGreaterThan(0)
    for (const cause of refused) {
      expect(cause).toMatchObject({ code: 'ERR_REDIS_UNUSABLE', message: expect.stringMatching(/MOVED.*Cluster/) })
    }
    client.disconnect()
  })
})

import { InvalidOptionError, systemRuntime } from '@escapement/base'
import { type RedisClient, redisLockDriver, redisMutex } from '@escapement/lock-redis'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, onTestFinished, test } from 'vitest'
import { LIBRARIES, type OpenClient, openClient } from './clients.ts'

const TEN_MINUTES_MS = 600_000
const DAY_MS = 86_400_000
let tests = 0

describeWithServer('redis', ({ url }) => {
  const open = async (): Promise<OpenClient> => {
    const opened = await openClient(url)
    onTestFinished(() => opened[Symbol.asyncDispose]())
    return opened
  }
  const newPrefix = (): string => `test-${++tests}:`

  test('what is no client, and a prefix that would be taken for a key, are refused', async () => {
    for (const client of [null, 7, {}, { call: () => null }, new Map()] as unknown[]) {
      expect(() => redisMutex(client as RedisClient)).toThrow(InvalidOptionError)
    }
    const { client } = await open()
    for (const prefix of ['a{b', 'a}', 'a b', 'x'.repeat(129), 7 as unknown as string]) {
      expect(() => redisMutex(client, { prefix })).toThrow(/prefix is/)
    }
  })

  test.each(Object.entries(LIBRARIES))(
    'a server that has forgotten the scripts is sent them again, by %s',
    async (_, to) => {
      await using opened = await to(url)
      const prefix = newPrefix()
      await using mutex = redisMutex(opened.client, { prefix })
      for (let times = 0; times < 2; times++) {
        await opened.command('SCRIPT', 'FLUSH')
        const lease = await mutex.acquire('key')
        await opened.command('SCRIPT', 'FLUSH')
        await lease.renew()
        await opened.command('SCRIPT', 'FLUSH')
        expect(await lease.release()).toBe('released')
      }
    },
  )

  test('clients of all libraries share the locks, and are left open', async () => {
    const prefix = newPrefix()
    const clients = await Promise.all(Object.values(LIBRARIES).map((to) => to(url)))
    const mutexes = clients.map(({ client }) => redisMutex(client, { prefix }))
    for (const mutex of mutexes) {
      await using _ = await mutex.acquire('shared')
      for (const other of mutexes) expect(await other.tryAcquire('shared')).toBeNull()
    }
    for (const mutex of mutexes) await mutex.close()
    for (const { command } of clients) expect(await command('PING')).toBe('PONG')
    for (const client of clients) await client[Symbol.asyncDispose]()
  })

  test("a client's own prefix of keys does not hide releases from those who wait", async () => {
    const { Redis } = await import('ioredis')
    const client = new Redis(url, { keyPrefix: 'app:' })
    onTestFinished(() => client.disconnect())
    const { client: plain, command } = await open()
    const prefix = newPrefix()
    await using mutex = redisMutex(client, { prefix })
    const lease = await mutex.acquire('key', { ttl: '60s' })
    expect(await command('EXISTS', `app:${prefix}{key}:lock`)).toBe(1)
    await using others = redisMutex(plain, { prefix: `app:${prefix}` })
    expect(await others.tryAcquire('key')).toBeNull()
    const driver = redisLockDriver(client, { prefix })
    const request = { key: 'key', owner: 'other', ttlMs: 1_000 }
    const startedAt = performance.now()
    const waiting = driver.waitForRelease?.(request, { timeoutMs: 20_000, signal: new AbortController().signal })
    await new Promise((resolve) => setTimeout(resolve, 200))
    await lease.release()
    await waiting
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await driver.close()
  })

  test('rule 16: fences are of the time of the server, go on after the loss of their counter, and never below it', async () => {
    const { client, command } = await open()
    const prefix = newPrefix()
    const runtime = { ...systemRuntime, now: () => systemRuntime.now() - TEN_MINUTES_MS }
    await using mutex = redisMutex(client, { prefix, runtime })
    const first = await mutex.acquire('key')
    const serverNow = (await redisLockDriver(client, { prefix, runtime }).now?.()) ?? 0
    expect(Math.abs(Number(first.fence / 1_000n) - serverNow)).toBeLessThan(60_000)
    await first.release()
    // As after the clock of the server was set back.
    const ahead = first.fence + 3_600_000_000n
    await command('SET', `${prefix}{key}:fence`, String(ahead))
    const second = await mutex.acquire('key')
    expect(second.fence).toBe(ahead + 1n)
    await second.release()
    await command('DEL', `${prefix}{key}:fence`)
    const third = await mutex.acquire('key')
    expect(third.fence).toBeGreaterThan(first.fence)
  })

  test('rule 16: a counter goes once the time of the server is a day past it, and no earlier', async () => {
    const { client, command } = await open()
    const prefix = newPrefix()
    await using mutex = redisMutex(client, { prefix })
    const { fence } = await mutex.acquire('key')
    const endsAt = Number(await command('PEXPIRETIME', `${prefix}{key}:fence`))
    expect(endsAt).toBe(Math.floor(Number(fence) / 1_000) + DAY_MS)
  })

  test('renewals of many leases cost one command', async () => {
    const { client, command } = await open()
    const driver = redisLockDriver(client, { prefix: newPrefix() })
    const holds = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const request = { key: `key ${index}`, owner: 'owner', ttlMs: 60_000 }
        const grant = await driver.tryAcquire(request)
        return { ...request, fence: grant.isGranted ? grant.fence : 0n }
      }),
    )
    const count = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await command('INFO', 'commandstats')))?.[1])
    const before = await count()
    const outcomes = await driver.renewMany(holds)
    expect(new Set(outcomes)).toEqual(new Set(['renewed']))
    expect((await count()) - before).toBeLessThan(50) // other files use the server meanwhile
  })

  test('a key of another type is not taken for a lock, and keeps no other lease from being renewed', async () => {
    const { client, command } = await open()
    const prefix = newPrefix()
    const driver = redisLockDriver(client, { prefix })
    const grant = await driver.tryAcquire({ key: 'sound', owner: 'owner', ttlMs: 60_000 })
    const fence = grant.isGranted ? grant.fence : 0n
    await command('RPUSH', `${prefix}{list}:lock`, 'x')
    await command('SET', `${prefix}{text}:lock`, 'x')
    const hold = { owner: 'owner', fence, ttlMs: 60_000 }
    expect(
      await driver.renewMany([
        { ...hold, key: 'list' },
        { ...hold, key: 'sound' },
      ]),
    ).toEqual(['not-held', 'renewed'])
    expect(await driver.tryAcquire({ key: 'text', owner: 'owner', ttlMs: 1_000 })).toEqual({
      isGranted: false,
      heldForMs: null, // it does not expire
    })
    await expect(driver.tryAcquire({ key: 'list', owner: 'owner', ttlMs: 1_000 })).rejects.toMatchObject({
      code: 'ERR_REDIS_UNUSABLE',
    })
  })

  test('rule 25: many processes advance the same registers, and each step is made by exactly one of them', async () => {
    const clients = [await open(), await open(), await open()]
    const prefix = newPrefix()
    const drivers = clients.map(({ client }) => redisLockDriver(client, { prefix }))
    const jobs = Array.from({ length: 8 }, (_, index) => `job ${index}`)
    for (let value = 1; value <= 10; value++) {
      const entries = jobs.map((key) => ({ key, value }))
      const answers = await Promise.all(drivers.map(async (driver) => driver.advanceMany?.(entries)))
      for (const [job] of jobs.entries()) expect(answers.filter((answer) => answer?.[job] === true)).toHaveLength(1)
    }
  })
})

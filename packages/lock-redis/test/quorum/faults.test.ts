import { InvalidOptionError } from '@escapement/base'
import { LockUnavailableError, type MutexManager } from '@escapement/core'
import { type RedisLockOptions, redisQuorumMutex, RedisQuorumUnavailableError } from '@escapement/lock-redis'
import { cutOffHolder, silentLogger } from '@escapement/testkit'
import { startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { OpenClient } from '../clients.ts'
import { clientsOf, openAll, QuorumServers } from './quorum-servers.ts'

let tests = 0

/** The cause of the refusal of a lock, and after how many milliseconds it came. */
async function refusalOf(asking: Promise<unknown>): Promise<{ cause: RedisQuorumUnavailableError; afterMs: number }> {
  const startedAt = performance.now()
  const error: unknown = await asking.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(LockUnavailableError)
  const { cause } = error as LockUnavailableError
  expect(cause).toBeInstanceOf(RedisQuorumUnavailableError)
  return { cause: cause as RedisQuorumUnavailableError, afterMs: performance.now() - startedAt }
}

describeWithServer('redis', () => {
  let servers: QuorumServers
  beforeAll(async () => {
    servers = await QuorumServers.start()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  /** A mutex that goes to each server through a proxy, and one that goes straight. */
  async function given(options: RedisLockOptions = {}): Promise<{
    proxies: readonly [TcpProxy, TcpProxy, TcpProxy]
    mutex: MutexManager
    others: MutexManager
    prefix: string
  }> {
    const prefix = `fault-${++tests}:`
    const stack = new AsyncDisposableStack()
    onTestFinished(() => stack.disposeAsync())
    const proxies = await Promise.all(servers.urls.map((url) => startTcpProxy(url)))
    for (const proxy of proxies) stack.use(proxy)
    const manager = async (urls: readonly string[]): Promise<MutexManager> => {
      const opened = await openAll(urls)
      for (const each of opened) stack.use(each)
      return stack.use(redisQuorumMutex(clientsOf(opened), { prefix, logger: silentLogger, ...options }))
    }
    const mutex = await manager(proxies.map(({ url }) => url))
    const others = await manager(servers.urls)
    for (const each of [others, mutex]) await each.withLock('warm', (lease) => lease.renew(), { ttl: '1s' })
    return { proxies: proxies as [TcpProxy, TcpProxy, TcpProxy], mutex, others, prefix }
  }

  test('one server, an even number, one that is given twice, and a Cluster are refused with the reason', async () => {
    const opened = await openAll(servers.urls)
    const [one, two, three] = clientsOf(opened) as [never, never, never]
    for (const [clients, reason] of [
      [[], /even number/],
      [[one], /one is no quorum: use redisMutex/],
      [[one, two], /even number survives the loss of no more servers than one less/],
      [[one, two, one], /number 3 is number 1 again/],
      [[one, two, three, one], /even number/],
      [[one, two, { ...(three as object), isCluster: true, call: null, status: '', duplicate: null }], /Cluster/],
    ] as const) {
      expect(() => redisQuorumMutex(clients as never)).toThrow(InvalidOptionError)
      expect(() => redisQuorumMutex(clients as never)).toThrow(reason)
    }
    for (const each of opened) await each[Symbol.asyncDispose]()
  })

  test.for([0, 2])('leases are granted, renewed and released while server %i is down', async (index) => {
    const { proxies, mutex, others } = await given()
    await proxies[index]?.refuse()
    proxies[index]?.cut()
    const lease = await mutex.acquire('key', { ttl: '5s' })
    expect(await others.tryAcquire('key')).toBeNull()
    await lease.renew()
    expect(await mutex.advanceMany?.([{ key: 'register', value: 1 }])).toEqual([true])
    const waiting = others.acquire('key', { wait: '10s' })
    expect(await lease.release()).toBe('released')
    ;(await waiting).assertHeld()
  })

  test('a key is free for whoever asks once its release has answered, also where the first server is slow', async () => {
    const { proxies, mutex, others } = await given()
    for (let round = 0; round < 5; round++) {
      const lease = await mutex.acquire('key', { ttl: '20s' })
      proxies[0].delay(10)
      expect(await lease.release()).toBe('released')
      const next = await others.tryAcquire('key', { ttl: '20s' })
      expect(next).not.toBeNull()
      await next?.release()
      proxies[0].delay(0)
    }
  })

  test('a server whose process stands still is awaited once, and no call takes long for it', async ({ skip }) => {
    const { mutex, others } = await given()
    const [{ process: first } = { process: null }] = servers.servers
    if (first === null) return skip('only a server that is started from programs can be stopped')
    const waiting = await others.acquire('held', { ttl: '20s' })
    first.freeze()
    try {
      const took: number[] = []
      for (let round = 0; round < 5; round++) {
        const startedAt = performance.now()
        const lease = await mutex.acquire('key', { ttl: '20s' })
        await lease.renew()
        expect(await lease.release()).toBe('released')
        expect(await mutex.advanceMany?.([{ key: 'frozen', value: round }])).toEqual([true])
        expect(await mutex.serverNow?.()).toBeGreaterThan(0)
        took.push(performance.now() - startedAt)
      }
      expect(took[0]).toBeLessThan(3_000)
      expect(Math.max(...took.slice(1))).toBeLessThan(500)
      const next = mutex.acquire('held', { ttl: '20s', wait: '15s' })
      await expect(waiting.release()).resolves.toBe('released')
      const released = performance.now()
      await (await next).release()
      expect(performance.now() - released).toBeLessThan(3_000)
    } finally {
      first.thaw()
    }
    const lease = await mutex.acquire('key')
    expect(await lease.release()).toBe('released')
  })

  test('what was released can be had at once, also where a server has answered too late to be heard', async () => {
    const { proxies, mutex, others, prefix } = await given()
    proxies[0].freeze()
    const lease = await mutex.acquire('key', { ttl: '20s' })
    proxies[0].thaw()
    await expect.poll(() => servers.admins[0]?.command('EXISTS', `${prefix}{key}:lock`)).toBe(1)
    expect(await lease.release()).toBe('released')
    await (await others.acquire('key', { wait: '5s' })).release()
  })

  test('with two servers away every call settles in time, says what is wrong with each, and leaves nothing held', async () => {
    const { proxies, mutex, others } = await given()
    const lease = await mutex.acquire('held', { ttl: '1s' })
    const ended = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
    await proxies[0].refuse()
    proxies[0].cut()
    proxies[1].swallow()
    for (const ask of [
      () => mutex.acquire('key', { ttl: '60s', wait: 100 }),
      () => mutex.tryAcquire('key', { ttl: '60s' }),
      () => mutex.advanceMany?.([{ key: 'register', value: 1 }]) ?? Promise.resolve(),
      () => mutex.serverNow?.() ?? Promise.resolve(),
    ]) {
      const { cause, afterMs } = await refusalOf(ask())
      expect(afterMs).toBeLessThan(5_000)
      expect(cause).toMatchObject({ code: 'ERR_REDIS_QUORUM_UNAVAILABLE', retryable: true })
      expect(cause.problems.map(({ server }) => server)).toEqual([1, 2])
      expect(cause.problems[1]?.problem).toBe('no answer in time')
      expect(cause.message).toContain('2 of 3 servers are needed')
    }
    await ended
    await lease.release().catch(() => undefined)
    await (await others.acquire('key', { ttl: '1s' })).release()
  })

  test('a majority that refuses the account is an error that asking again does not help', async () => {
    const { prefix } = await given()
    for (const [index, { command }] of servers.admins.entries()) {
      if (index > 0) await command('ACL', 'SETUSER', 'weak', 'on', '>pass', '~*', '+ping', '+info', '+client', '+hello')
    }
    const opened = await openAll(
      servers.urls.map((url, index) => (index === 0 ? url : url.replace('redis://', 'redis://weak:pass@'))),
    )
    await using mutex = redisQuorumMutex(clientsOf(opened), { prefix, logger: silentLogger })
    const startedAt = performance.now()
    const error: unknown = await mutex.acquire('key', { wait: '20s' }).catch((reason: unknown) => reason)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(error).toMatchObject({ cause: { code: 'ERR_REDIS_UNUSABLE', retryable: false } })
    const { cause } = (error as { cause: { cause: RedisQuorumUnavailableError } }).cause
    expect(cause.problems.map(({ problem }) => /NOPERM/.test(problem))).toEqual([true, true])
    for (const each of opened) await each[Symbol.asyncDispose]()
  })

  test('promise 6: a holder that is cut off from all servers is told before anybody else is granted its key', async () => {
    const { proxies, mutex, others } = await given()
    const all = {
      freeze: () => proxies.forEach((each) => each.freeze()),
      thaw: () => proxies.forEach((each) => each.thaw()),
    }
    await expect(cutOffHolder({ proxy: all as TcpProxy, mutex, others, ttlMs: 1_000 })).resolves.toBeUndefined()
  })

  test('rule 16: a server that was restarted without its data takes no part until a majority of the others can be asked', async () => {
    const { proxies, mutex, prefix } = await given()
    const admins = servers.admins as readonly [OpenClient, OpenClient, OpenClient]
    // A fence of a server whose clock was ahead, which the third one has never seen.
    const ahead = BigInt(Date.now() + 3_600_000) * 1_000n
    for (const { command } of admins.slice(0, 2)) await command('HSET', `${prefix}memory`, 'high', String(ahead))
    proxies[2].freeze()
    const before = await mutex.acquire('key', { ttl: '1s', renew: false })
    expect(before.fence).toBeGreaterThan(ahead)
    await before.release()
    proxies[2].thaw()
    await servers.forget(0, prefix)
    proxies[1].freeze()
    const { cause } = await refusalOf(mutex.tryAcquire('key', { ttl: '1s' }))
    expect(cause.problems.map(({ server }) => server)).toEqual([1, 2])
    expect(cause.problems[0]?.problem).toMatch(/lost its data/)
    const born = String(await admins[0].command('HGET', `${prefix}memory`, 'born'))
    proxies[1].thaw()
    const between = await mutex.acquire('key', { ttl: '1s', wait: '5s' })
    expect(between.fence).toBeGreaterThan(before.fence)
    await between.release()
    // As if it had been empty for longer than anything that had begun before.
    const [at = '', id = ''] = born.split(' ')
    await admins[0].command('HSET', `${prefix}memory`, 'born', `${Number(at) - 60_000_000} ${id}`)
    const high = async (): Promise<string | null> => {
      await mutex.withLock('teaching', async () => undefined, { ttl: '1s' })
      return (await admins[0].command('HGET', `${prefix}memory`, 'high')) as string | null
    }
    await expect.poll(async () => BigInt((await high()) ?? 0)).toBeGreaterThan(ahead)
    proxies[1].freeze()
    const after = await mutex.acquire('key', { ttl: '1s', wait: '5s' })
    expect(after.fence).toBeGreaterThan(between.fence)
  })

  test('rule 16: a server that has lost its data is taught also when it is always the last to answer', async () => {
    const { proxies, mutex, prefix } = await given()
    const [, , admin] = servers.admins as readonly [OpenClient, OpenClient, OpenClient]
    const memory = async (field: string): Promise<string> =>
      String(await admin.command('HGET', `${prefix}memory`, field))
    const use = (): Promise<void> => mutex.withLock('key', async () => undefined, { ttl: '2s' })
    await use()
    await servers.forget(2, prefix)
    proxies[2].delay(5)
    await expect.poll(async () => use().then(() => memory('born'))).toMatch(/^\d+ /)
    const [at = '', id = ''] = (await memory('born')).split(' ')
    await admin.command('HSET', `${prefix}memory`, 'born', `${Number(at) - 60_000_000} ${id}`)
    await expect.poll(async () => use().then(() => memory('high'))).toMatch(/^\d+$/)
  })

  test('rule 25: a register that a majority has moved is not moved again after one of them has lost its data', async () => {
    const { proxies, mutex, prefix } = await given()
    const move = (value: number): Promise<readonly boolean[]> | undefined =>
      mutex.advanceMany?.([{ key: 'tick', value }])
    proxies[2].freeze()
    expect(await move(10)).toEqual([true])
    proxies[2].thaw()
    await servers.forget(0, prefix)
    expect(await move(10)).toEqual([false])
    const { command } = servers.admins[0] as OpenClient
    await command('HSET', `${prefix}memory`, 'born', '1 long ago')
    await expect
      .poll(async () => [await move(11), await command('HEXISTS', `${prefix}memory`, 'high')])
      .toEqual([[false], 1])
    proxies[1].freeze()
    expect(await move(10)).toEqual([false])
    expect(await move(12)).toEqual([true])
  })

  test('quarantine: servers that lose their data grant nothing until every lease from before has ended', async () => {
    const { mutex, others, prefix } = await given({ quarantine: true, maxTtl: '1s' })
    const lease = await mutex.acquire('key', { ttl: '1s' })
    const ended = new Promise<number>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(performance.now()))
    })
    for (const index of servers.urls.keys()) await servers.forget(index, prefix)
    const next = await others.acquire('key', { ttl: '1s', wait: '10s' })
    expect(await ended).toBeLessThan(performance.now())
    expect(next.fence).toBeGreaterThan(lease.fence)
  })
})

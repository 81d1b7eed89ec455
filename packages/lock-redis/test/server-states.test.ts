import type { Logger } from '@escapement/base'
import { LockUnavailableError, type MutexManager } from '@escapement/core'
import { redisLockDriver, redisMutex } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import { describeWithServer } from '@escapement/testkit/vitest'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { LIBRARIES, openClient } from './clients.ts'
import { ownServer } from './own-server.ts'

async function refusalOf(mutex: MutexManager, wait = 200): Promise<{ code: string; message: string }> {
  const error: unknown = await mutex.acquire('key', { wait }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(LockUnavailableError)
  return (error as LockUnavailableError).cause as { code: string; message: string }
}

/** Collects warnings. */
function warnings(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = []
  return { logger: { ...silentLogger, warn: (line) => void lines.push(line) }, lines }
}

describeWithServer('redis', () => {
  test('wrong credentials are an error that says so, and are not tried for as long as one would wait', async () => {
    const { url, admin } = await ownServer()
    await admin.command('CONFIG', 'SET', 'requirepass', 'secret')
    const place = new URL(url)
    place.password = 'wrong'
    for (const to of [url, place.href]) {
      const client = new Redis(to)
      client.on('error', () => undefined)
      onTestFinished(() => client.disconnect())
      await using mutex = redisMutex(client)
      const startedAt = performance.now()
      const cause = await refusalOf(mutex, 20_000)
      expect(cause.code).toBe('ERR_REDIS_UNUSABLE')
      expect(cause.message).toMatch(/NOAUTH|WRONGPASS/)
      expect(performance.now() - startedAt).toBeLessThan(5_000)
    }
  })

  test('a replica, a server without memory, and one that must not be written to say what to do', async () => {
    const { url, admin } = await ownServer()
    await using opened = await openClient(url)
    await using mutex = redisMutex(opened.client, { logger: silentLogger })
    const lease = await mutex.acquire('held', { ttl: '60s' })
    await admin.command('CONFIG', 'SET', 'maxmemory', '1')
    expect(await refusalOf(mutex)).toMatchObject({
      code: 'ERR_REDIS_UNAVAILABLE',
      message: expect.stringMatching(/OOM.*raise maxmemory/),
    })
    await lease.renew() // costs no memory
    await admin.command('CONFIG', 'SET', 'maxmemory', '0')
    await admin.command('REPLICAOF', '127.0.0.1', '1')
    expect(await refusalOf(mutex)).toMatchObject({
      code: 'ERR_REDIS_UNAVAILABLE',
      message: expect.stringMatching(/READONLY.*primary/),
    })
    const waiting = mutex.acquire('key', { wait: '10s' })
    await admin.command('REPLICAOF', 'NO', 'ONE')
    ;(await waiting).assertHeld()
  })

  test('a user without rights is told which are needed; without those to publish and subscribe it polls', async () => {
    const { url, admin } = await ownServer()
    await admin.command('ACL', 'SETUSER', 'weak', 'on', '>pass', '~*', '+ping', '+info', '+client', '+hello')
    const place = new URL(url)
    place.username = 'weak'
    place.password = 'pass'
    await using opened = await openClient(place.href)
    const { logger } = warnings()
    await using mutex = redisMutex(opened.client, { logger })
    const cause = await refusalOf(mutex, 20_000)
    expect(cause).toMatchObject({ code: 'ERR_REDIS_UNUSABLE', message: expect.stringMatching(/NOPERM.*README/) })
    const commands = '+evalsha +eval +get +set +del +pttl +pexpire +time'.split(' ')
    await admin.command('ACL', 'SETUSER', 'weak', ...commands, 'resetkeys', '~escapement:*', 'resetchannels')
    const lease = await mutex.acquire('key')
    await using others = redisMutex(opened.client, { logger })
    const waiting = others.acquire('key', { ttl: '60s', wait: '20s' })
    const startedAt = performance.now()
    expect(await lease.release()).toBe('released')
    await (await waiting).release()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    await admin.command('ACL', 'SETUSER', 'weak', '+publish', '+subscribe', '&escapement:*')
    await using anew = redisMutex(opened.client, { logger })
    expect(await (await anew.acquire('key')).release()).toBe('released')
  })

  test('a server that may evict locks is warned of once, one that does not limit its memory or never evicts is not', async () => {
    const { url, admin } = await ownServer()
    const cases = [
      ['0', 'allkeys-lru', 0],
      ['100mb', 'noeviction', 0],
      ['100mb', 'volatile-ttl', 1],
      ['100mb', 'allkeys-lru', 1],
    ] as const
    for (const [memory, policy, count] of cases) {
      await admin.command('CONFIG', 'SET', 'maxmemory', memory)
      await admin.command('CONFIG', 'SET', 'maxmemory-policy', policy)
      for (const open of Object.values(LIBRARIES)) {
        await using opened = await open(url)
        const { logger, lines } = warnings()
        const driver = redisLockDriver(opened.client, { logger })
        for (let times = 0; times < 3; times++) await driver.now?.()
        expect(lines.filter((line) => line.includes(`maxmemory-policy ${policy}`))).toHaveLength(count)
      }
    }
  })

  test('leases outlive a restart that keeps the data; without it they are reported as lost, and fences go on', async ({
    skip,
  }) => {
    const { url, process, admin } = await ownServer()
    if (process === null) return skip('only a server that is started from programs can be restarted')
    await using opened = await openClient(url)
    await using mutex = redisMutex(opened.client, { logger: silentLogger })
    const lease = await mutex.acquire('key', { ttl: '60s' })
    await admin.command('SAVE')
    await process.restart('crash')
    await lease.renew().catch(async () => lease.renew()) // the first one may meet the old connection
    await admin.command('FLUSHALL')
    await expect(lease.renew()).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    const next = await mutex.acquire('key')
    expect(next.fence).toBeGreaterThan(lease.fence)
  })

  test('quarantine: after an empty store is seen nothing is granted until every lease from before has ended', async () => {
    const { url, admin } = await ownServer()
    await using one = await openClient(url)
    await using two = await openClient(url)
    const options = { quarantine: true, maxTtl: '1s' } as const
    const { logger, lines } = warnings()
    await using mutex = redisMutex(one.client, { ...options, logger })
    await using others = redisMutex(two.client, { ...options, logger: silentLogger })
    await expect(mutex.acquire('key', { ttl: '2s' })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    const lease = await mutex.acquire('key', { ttl: '1s' }) // the first start is one, too
    expect(lines.filter((line) => line.includes('empty'))).toHaveLength(1)
    const ended = new Promise<number>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(performance.now()))
    })
    await admin.command('FLUSHALL')
    const lostAt = performance.now()
    expect(await others.tryAcquire('other', { ttl: '1s' })).toBeNull()
    const next = await others.acquire('key', { ttl: '1s', wait: '10s' })
    const grantedAt = performance.now()
    expect(grantedAt - lostAt).toBeGreaterThan(990)
    expect(await ended).toBeLessThan(grantedAt)
    expect(next.fence).toBeGreaterThan(lease.fence)
  })
})

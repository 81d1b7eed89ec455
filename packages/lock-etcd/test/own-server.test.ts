import { LockUnavailableError } from '@escapement/core'
import { etcdLockDriver, etcdMutex, EtcdUnavailableError, EtcdUnusableError } from '@escapement/lock-etcd'
import { leaseLost, mutexContract, silentLogger } from '@escapement/testkit'
import { startServer } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'
import { describe, expect, test, vi } from 'vitest'
import { etcdRoom } from './etcd-room.ts'
import { withOwnServer } from './own-server.ts'

/** What is behind an error that says that ownership is unknown; other errors as they are. */
function causeOf(error: unknown): unknown {
  return error instanceof LockUnavailableError ? error.cause : error
}

/** The cases of the contract in which a server loses its data. */
const lossCases = mutexContract({
  time: 'real',
  ttlMs: 3_000,
  lacks: ['now'],
  start: async () => {
    const server = await startServer('etcd', { isOwn: true })
    const clients: Etcd3[] = []
    return {
      connect: () => {
        const client = new Etcd3({ hosts: server.url, faultHandling: { host: () => noop, global: noop } })
        clients.push(client)
        return etcdLockDriver(client)
      },
      loseData: async () => server.process?.restartEmpty(),
      stop: async () => {
        for (const client of clients) client.close()
        await server.stop()
      },
    }
  },
}).filter(({ title }) => title.includes('lost its data'))

describeWithServer('etcd', () => {
  // At the same time: they mostly wait.
  describe.concurrent('with a server of its own', () => {
    for (const how of ['orderly', 'crash'] as const) {
      test(
        `a lease and those who wait for it outlive a restart of the server (${how})`,
        withOwnServer(async (server) => {
          await using room = etcdRoom(server.url)
          const lease = await room.mutex().acquire('key', { ttl: '20s' })
          const waiting = room.mutex().acquire('key', { wait: '30s' })
          await vi.waitFor(async () => expect(await room.keys()).toHaveLength(3), { timeout: 5_000 })
          await server.process.restart(how)
          await lease.renew()
          lease.assertHeld()
          expect(await room.mutex().tryAcquire('key')).toBeNull()
          expect(await lease.release()).toBe('released')
          expect((await waiting).fence).toBeGreaterThan(lease.fence)
        }),
      )
    }

    test('the contract has a case of data that is lost', () => expect(lossCases).toHaveLength(1))
    // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- title and assertions are the contract's own
    for (const { title, run } of lossCases) test(title, run)

    test(
      'rule 16: a lease from before a loss of data is lost, and its fence is below all later ones',
      withOwnServer(async (server) => {
        await using room = etcdRoom(server.url)
        const mutex = room.mutex()
        for (let times = 0; times < 20; times++) await mutex.withLock('key', async () => undefined)
        const before = await mutex.acquire('key', { ttl: '20s' })
        await server.process.restartEmpty()
        await expect(before.renew()).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
        const after = await mutex.acquire('key')
        expect(after.fence).toBeGreaterThan(before.fence)
        expect(await before.release()).toBe('not-held')
        await after.renew()
      }),
    )

    test(
      'promise 6: a server that is stopped costs the lease in time, and nobody gets the key before',
      withOwnServer(async (server) => {
        await using room = etcdRoom(server.url)
        const lease = await room.mutex().acquire('key', { ttl: '3s' })
        const told = leaseLost(lease)
        const stoppedAt = performance.now()
        server.process.freeze()
        expect((await told) - stoppedAt).toBeLessThan(3_000)
        expect(lease.remainingMs()).toBe(0)
        await expect(room.mutex().tryAcquire('other')).rejects.toThrow(LockUnavailableError)
        server.process.thaw()
        const next = await room.mutex().acquire('key', { wait: '20s' })
        expect(next.fence).toBeGreaterThan(lease.fence)
      }),
    )

    test(
      'wrong credentials and rights that are missing are told at once, as such',
      withOwnServer(async ({ url }) => {
        const root = new Etcd3({ hosts: url })
        await root.role('root').create()
        await (await root.user('root').create('right')).addRole('root')
        await root.user('guest').create('guest')
        await root.auth.authEnable()
        root.close()
        const outcomes: unknown[] = []
        for (const password of [null, 'wrong', 'guest', 'right']) {
          const username = password === 'guest' ? 'guest' : 'root'
          const client = new Etcd3({ hosts: url, ...(password === null ? {} : { auth: { username, password } }) })
          const mutex = etcdMutex(client, { logger: silentLogger })
          // Waits for as long as the whole test may take, where there is reason to ask again.
          const working = mutex.withLock('key', async () => 'granted', { wait: '30s' })
          outcomes.push(await working.catch(causeOf))
          await mutex.close()
          client.close()
        }
        const unusable: unknown = expect.any(EtcdUnusableError)
        expect(outcomes).toEqual([unusable, unusable, unusable, 'granted'])
      }),
    )

    test(
      'quarantine: after an empty store is seen nothing is granted until every lease from before has ended',
      withOwnServer(async (server) => {
        await using room = etcdRoom(server.url)
        const lines: string[] = []
        const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) }
        const options = { quarantine: true, maxTtl: '2s', logger } as const
        const [mutex, others] = [room.mutex(server.url, options), room.mutex(server.url, options)]
        await expect(mutex.acquire('key', { ttl: '3s' })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
        const startedAt = performance.now()
        const lease = await mutex.acquire('key', { ttl: '2s' }) // the first start is one, too
        expect(performance.now() - startedAt).toBeGreaterThan(1_990)
        expect(lines.filter((line) => line.includes('empty'))).toHaveLength(1)
        const ended = leaseLost(lease)
        const lostAt = performance.now()
        await server.process.restartEmpty()
        expect(await others.tryAcquire('other', { ttl: '2s' })).toBeNull()
        const next = await others.acquire('key', { ttl: '2s', wait: '15s' })
        const grantedAt = performance.now()
        expect(grantedAt - lostAt).toBeGreaterThan(1_990)
        expect(await ended).toBeLessThan(grantedAt)
        expect(next.fence).toBeGreaterThan(lease.fence)
        expect((await others.acquire('other', { ttl: '2s' })).fence).toBeGreaterThan(lease.fence)
      }),
    )

    test(
      'those who come while there is quarantine stand in line, and get the key when it is over',
      withOwnServer(async ({ url }) => {
        await using room = etcdRoom(url)
        const options = { quarantine: true, maxTtl: '3s' } as const
        const waiting = [1, 2].map(() => room.mutex(url, options).withLock('key', async () => 'granted', { ttl: '3s' }))
        await vi.waitFor(async () => expect(await room.keys()).toHaveLength(4), { timeout: 5_000 })
        const before = await room.client.getAll().prefix(room.prefix).exec()
        await vi.waitFor(async () => expect(await room.keys()).not.toContain('closed'), { timeout: 10_000 })
        expect(await Promise.all(waiting)).toEqual(['granted', 'granted'])
        const { header } = await room.client.getAll().prefix(room.prefix).exec()
        // Each of the two has left, and the quarantine has ended.
        expect(Number(header.revision) - Number(before.header.revision)).toBe(3)
      }),
    )

    test(
      'a server that is down is unavailable, a client that is closed unusable',
      withOwnServer(async (server) => {
        await using room = etcdRoom(server.url)
        const mutex = room.mutex()
        await mutex.withLock('key', async () => undefined)
        await server.stop()
        const away = await mutex.acquire('key', { wait: 300 }).catch(causeOf)
        expect(away).toBeInstanceOf(EtcdUnavailableError)
        const client = new Etcd3({ hosts: server.url })
        client.close()
        await using closed = etcdMutex(client)
        const refused = await closed.acquire('key').catch(causeOf)
        expect(refused).toBeInstanceOf(EtcdUnusableError)
      }),
    )

    test(
      'what was held, awaited and refused leaves neither keys nor leases nor watches behind',
      withOwnServer(async (server) => {
        await using room = etcdRoom(server.url)
        const [first, second] = [room.mutex(), room.mutex()]
        const work = Array.from({ length: 40 }, (_, index) =>
          [first, second].map((mutex) => mutex.withLock(`key ${index % 4}`, (lease) => lease.renew('31s'))),
        )
        await Promise.all(work.flat())
        const held = await first.acquire('key')
        expect(await second.tryAcquire('key')).toBeNull()
        await expect(second.acquire('key', { wait: 300 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' })
        held.assertHeld()
        await Promise.all([first.close(), second.close()])
        expect(await room.keys()).toEqual(['epoch'])
        expect((await room.client.leaseClient.leaseLeases()).leases).toEqual([])
        await vi.waitFor(async () => {
          const metrics = await (await fetch(`${server.url}/metrics`)).text()
          expect(metrics).toMatch(/^etcd_debugging_mvcc_watcher_total 0$/m)
        })
      }),
    )
  })
})

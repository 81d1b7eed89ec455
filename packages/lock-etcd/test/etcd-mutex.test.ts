import { systemRuntime } from '@escapement/base'
import { etcdLockDriver, etcdMutex, type EtcdClient } from '@escapement/lock-etcd'
import { describeWithServer } from '@escapement/testkit/vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { etcd3Server } from '../src/etcd3-server.ts'
import { etcdRoom } from './etcd-room.ts'

test('what is no client of etcd3 is refused, and so is a prefix that does not end in a slash', async () => {
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' })
  for (const client of [undefined, null, 'http://127.0.0.1:2379', {}, { kv: {} }]) {
    expect(() => etcdMutex(client as EtcdClient)).toThrow(invalid)
  }
  const client = { kv: {}, leaseClient: {}, watchClient: {} } as unknown as EtcdClient
  for (const prefix of ['', 'locks', 7 as unknown as string]) {
    expect(() => etcdMutex(client, { prefix })).toThrow(invalid)
  }
})

describeWithServer('etcd', ({ url }) => {
  test('waiters of several managers get the key in the order in which they came', async () => {
    await using room = etcdRoom(url)
    const holder = await room.mutex().acquire('key')
    const served: number[] = []
    const fences: bigint[] = []
    const waiting: Promise<void>[] = []
    for (let number = 0; number < 5; number++) {
      const mutex = room.mutex()
      waiting.push(
        mutex.withLock('key', async ({ fence }) => {
          served.push(number)
          fences.push(fence)
        }),
      )
      await vi.waitFor(async () => expect(await room.keys()).toHaveLength(3 + number), { timeout: 5_000 })
    }
    await holder.release()
    await Promise.all(waiting)
    expect(served).toEqual([0, 1, 2, 3, 4])
    expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  test('a waiter that gives up lets nobody behind it pass those before it, and leaves no place behind', async () => {
    await using room = etcdRoom(url)
    const holder = await room.mutex().acquire('key')
    const served: string[] = []
    const abort = new AbortController()
    const wait = async (name: string, signal?: AbortSignal): Promise<void> => {
      const places = (await room.keys()).length
      room
        .mutex()
        .withLock('key', async () => void served.push(name), signal && { signal })
        .catch(() => served.push(`not ${name}`))
      await vi.waitFor(async () => expect(await room.keys()).toHaveLength(places + 1), { timeout: 5_000 })
    }
    await wait('first')
    await wait('second', abort.signal)
    await wait('third')
    abort.abort()
    await vi.waitFor(async () => expect(await room.keys()).toHaveLength(4), { timeout: 5_000 })
    expect(served).toEqual(['not second'])
    await holder.release()
    await vi.waitFor(() => expect(served).toEqual(['not second', 'first', 'third']), { timeout: 5_000 })
    await vi.waitFor(async () => expect(await room.keys()).toEqual(['epoch']), { timeout: 5_000 })
  })

  test('a place in the queue is kept for longer than the ttl, for as long as it is waited in', async () => {
    await using room = etcdRoom(url)
    const holder = await room.mutex().acquire('key')
    const waiting = room.mutex().acquire('key', { ttl: '2s', wait: '20s' })
    await vi.waitFor(async () => expect(await room.keys()).toHaveLength(3), { timeout: 5_000 })
    const places = await room.keys()
    await sleep(4_500) // the server lets a lease of 2 s go within 3
    expect(await room.keys()).toEqual(places)
    await holder.release()
    expect(places).toContain(`locks/key/${(await waiting).owner}`)
  })

  test('a refusal leaves no place in the queue', async () => {
    await using room = etcdRoom(url)
    const lease = await room.mutex().acquire('key')
    expect(await room.mutex().tryAcquire('key')).toBeNull()
    expect(await room.keys()).toEqual(['epoch', `locks/key/${lease.owner}`])
  })

  test('who will wait stands in the queue once it is refused, and leaves it when it gives up', async () => {
    await using room = etcdRoom(url)
    const driver = etcdLockDriver(room.client, { prefix: room.prefix })
    const lease = await room.mutex().acquire('key')
    const request = { key: 'key', owner: 'waiter', ttlMs: 5_000, waits: true }
    for (let times = 0; times < 2; times++) expect(await driver.tryAcquire(request)).toMatchObject({ isGranted: false })
    expect(await room.keys()).toEqual(['epoch', `locks/key/${lease.owner}`, 'locks/key/waiter'].toSorted())
    expect(await driver.release({ key: 'key', owner: 'waiter', fence: null })).toBe(true)
    expect(await room.keys()).toEqual(['epoch', `locks/key/${lease.owner}`])
  })

  test('a key that went before its watch began is told of all the same', async () => {
    await using room = etcdRoom(url)
    const server = etcd3Server(room.client, systemRuntime)
    const key = Buffer.from(`${room.prefix}gone`)
    const { revision } = await server.transact({ success: [{ kind: 'put', key, value: '', lease: null }] })
    await server.transact({ success: [{ kind: 'delete', key }] })
    const watch = server.watchDeletion(key, revision)
    await watch.over
    watch.end()
    expect(await room.keys()).toEqual([])
  })

  test('a name that another one begins with is another lock', async () => {
    await using room = etcdRoom(url)
    const mutex = room.mutex()
    for (const key of ['a/b', 'a', 'a/', 'a%2Fb', 'ab', '0', '/']) expect(await mutex.tryAcquire(key)).not.toBeNull()
  })

  test('a ttl is rounded up to what the server can keep', async () => {
    await using room = etcdRoom(url)
    const mutex = room.mutex()
    await expect(mutex.acquire('key', { ttl: 999 })).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    const lease = await mutex.acquire('key', { ttl: '4100ms', renew: false })
    const { leases } = await room.client.leaseClient.leaseLeases()
    const lives = await Promise.all(leases.map(({ ID }) => room.client.leaseClient.leaseTimeToLive({ ID, keys: true })))
    const own = lives.filter(({ keys }) => keys.some((key) => key.toString().startsWith(room.prefix)))
    expect(own.map(({ grantedTTL }) => grantedTTL)).toEqual(['5'])
    expect(lease.remainingMs()).toBeGreaterThan(4_000)
  })

  test('rule 25: more registers than fit into one transaction move forward together', async () => {
    await using room = etcdRoom(url)
    const driver = etcdLockDriver(room.client, { prefix: room.prefix })
    const entries = Array.from({ length: 250 }, (_, index) => ({ key: `job ${index % 200}`, value: index }))
    const first = await driver.advanceMany?.(entries)
    expect(first).toEqual(entries.map(() => true))
    const lower = entries.map(({ key, value }) => ({ key, value: value - 200 }))
    expect(await driver.advanceMany?.(lower)).toEqual(lower.map(() => false))
  })

  test('rule 25: registers hold the least and the greatest of safe integers', async () => {
    await using room = etcdRoom(url)
    const driver = etcdLockDriver(room.client, { prefix: room.prefix })
    for (const value of [Number.MIN_SAFE_INTEGER, -1, 0, Number.MAX_SAFE_INTEGER]) {
      expect(await driver.advanceMany?.([{ key: 'job', value }])).toEqual([true])
      expect(await driver.advanceMany?.([{ key: 'job', value }])).toEqual([false])
    }
  })
})

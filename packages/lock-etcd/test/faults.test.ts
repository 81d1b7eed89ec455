import { systemRuntime } from '@escapement/base'
import { LockUnavailableError } from '@escapement/core'
import { etcdLockDriver } from '@escapement/lock-etcd'
import { isHttp2Reply, startTcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { Etcd3 } from 'etcd3'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { etcd3Server } from '../src/etcd3-server.ts'
import { etcdRoom } from './etcd-room.ts'

describeWithServer('etcd', ({ url }) => {
  test('a grant whose reply was lost after the server acted is found again, and is not made twice', async () => {
    await using proxy = await startTcpProxy(url)
    await using room = etcdRoom(url)
    const mutex = room.mutex(proxy.url)
    await mutex.withLock('warm', async () => undefined)
    const reply = proxy.loseReply({ request: 'locks/granted', reply: isHttp2Reply })
    const lease = await mutex.acquire('granted', { ttl: '10s' })
    await reply
    lease.assertHeld()
    expect(await room.keys()).toEqual(['epoch', `locks/granted/${lease.owner}`])
    expect(await room.mutex().tryAcquire('granted')).toBeNull()
    expect(await lease.release()).toBe('released')
  })

  test('a release whose reply was lost is a release, a renewal whose reply was lost a renewal', async () => {
    await using proxy = await startTcpProxy(url)
    await using room = etcdRoom(url)
    const mutex = room.mutex(proxy.url)
    const lease = await mutex.acquire('returned', { ttl: '10s' })
    const renewed = proxy.loseReply({ reply: isHttp2Reply })
    await expect(lease.renew('20s')).rejects.toThrow(LockUnavailableError)
    await renewed
    await lease.renew()
    expect(lease.remainingMs()).toBeGreaterThan(15_000)
    const released = proxy.loseReply({ reply: isHttp2Reply })
    expect(await lease.release()).toBe('released')
    await released
    expect(await room.mutex().tryAcquire('returned')).not.toBeNull()
  })

  test('leases and waiters outlive connections that are cut, again and again', async () => {
    await using proxy = await startTcpProxy(url)
    await using room = etcdRoom(url)
    const mutex = room.mutex(proxy.url)
    const lease = await mutex.acquire('cut', { ttl: '5s' })
    const other = await room.mutex().acquire('awaited', { ttl: '20s' })
    const waiting = mutex.acquire('awaited', { wait: '20s' })
    for (let cut = 0; cut < 8; cut++) {
      await sleep(500)
      proxy.cut()
    }
    lease.assertHeld()
    expect(await room.mutex().tryAcquire('cut')).toBeNull()
    await other.release()
    ;(await waiting).assertHeld()
  })

  test('a waiter whose process has died delays who comes after it until its lease ends, and no longer', async () => {
    await using room = etcdRoom(url)
    const holder = await room.mutex().acquire('key')
    const client = new Etcd3({ hosts: url })
    const dead = etcdLockDriver(client, { prefix: room.prefix })
    const request = { key: 'key', owner: 'dead', ttlMs: 2_000 }
    await dead.waitForRelease?.(request, { timeoutMs: 100, signal: new AbortController().signal })
    client.close() // nobody renews its place any more
    const waiting = room.mutex().acquire('key', { wait: '20s' })
    await holder.release()
    expect(await room.keys()).toContain('locks/key/dead')
    ;(await waiting).assertHeld()
    expect(await room.keys()).not.toContain('locks/key/dead')
  })

  test('compactions do not disturb who waits', async () => {
    await using room = etcdRoom(url)
    const { client, prefix } = room
    const holder = await room.mutex().acquire('key')
    const waiting = room.mutex().acquire('key', { wait: '20s' })
    await vi.waitFor(async () => expect(await room.keys()).toHaveLength(3), { timeout: 5_000 })
    for (let round = 0; round < 5; round++) {
      const { header } = await client.put(`${prefix}unrelated`).value(round)
      await client.kv.compact({ revision: header.revision })
    }
    await holder.release()
    ;(await waiting).assertHeld()
  })

  test('a compaction between the look at a key and its watch hides neither its deletion nor a later one', async () => {
    await using room = etcdRoom(url)
    const { client, prefix } = room
    const server = etcd3Server(client, systemRuntime)
    const [gone, going] = [`${prefix}gone`, `${prefix}going`]
    await client.put(gone).value(1)
    const seen = await client.put(going).value(1)
    await client.delete().key(gone)
    const { header } = await client.put(`${prefix}unrelated`).value(1)
    await client.kv.compact({ revision: header.revision })
    const watches = [gone, going].map((key) => server.watchDeletion(Buffer.from(key), BigInt(seen.header.revision)))
    await watches[0]?.over
    await client.delete().key(going)
    await watches[1]?.over
    for (const watch of watches) watch.end()
    expect(await room.keys()).toEqual(['unrelated'])
  })
})

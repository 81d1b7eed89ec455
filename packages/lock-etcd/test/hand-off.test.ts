import { type Runtime, systemRuntime } from '@escapement/base'
import type { LockDriver, LockGrant, LockRefusal, LockRequest } from '@escapement/core'
import { describeWithServer } from '@escapement/testkit/vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { EtcdServer } from '../src/etcd-server.ts'
import { etcd3Server } from '../src/etcd3-server.ts'
import { queueLockDriver } from '../src/lock-driver.ts'
import { LockKeys } from '../src/lock-keys.ts'
import { noQuarantine } from '../src/quarantine.ts'
import { type EtcdRoom, etcdRoom } from './etcd-room.ts'

const TTL_MS = 5_000

/** A driver, and the names of the questions that it has asked. */
interface Watched {
  readonly driver: LockDriver
  readonly asked: string[]
  readonly waits: (request: LockRequest) => Promise<void>
}

function watchedDriver(room: EtcdRoom, runtime: Runtime = systemRuntime): Watched {
  const asked: string[] = []
  const sound = etcd3Server(room.client, runtime)
  const noted = <Name extends keyof EtcdServer>(name: Name): EtcdServer[Name] => {
    const call = sound[name].bind(sound) as (...values: unknown[]) => unknown
    const note = (...values: unknown[]): unknown => {
      asked.push(name)
      return call(...values)
    }
    return note as EtcdServer[Name]
  }
  const server: EtcdServer = {
    grant: noted('grant'),
    renew: noted('renew'),
    leftMs: noted('leftMs'),
    revoke: noted('revoke'),
    transact: noted('transact'),
    watchDeletion: noted('watchDeletion'),
  }
  const keys = new LockKeys(room.prefix)
  const driver = queueLockDriver(server, { keys, maxTtlMs: 60_000, quarantine: noQuarantine, runtime })
  const waits = async (request: LockRequest): Promise<void> =>
    driver.waitForRelease?.(request, { timeoutMs: 5_000, signal: new AbortController().signal })
  return { driver, asked, waits }
}

function requestOf(owner: string, others: Partial<LockRequest> = {}): LockRequest {
  return { key: 'key', owner, ttlMs: TTL_MS, waits: true, renews: true, ...others }
}

function grantedMs(answer: LockGrant | LockRefusal): number {
  if (!answer.isGranted) throw new Error('it was refused')
  return answer.ttlMs
}

describeWithServer('etcd', ({ url }) => {
  test('who waits asks once to be refused and queued, and once when it is woken', async () => {
    await using room = etcdRoom(url)
    const { driver, asked, waits } = watchedDriver(room)
    const holder = await room.mutex().acquire('key')
    await driver.advanceMany?.([{ key: 'warm', value: 1 }])
    await driver.tryAcquire({ ...requestOf('warm'), key: 'warm' })
    asked.length = 0
    expect(await driver.tryAcquire(requestOf('waiter'))).toMatchObject({ isGranted: false })
    expect(asked).toEqual(['grant', 'transact'])
    const waiting = waits(requestOf('waiter'))
    await holder.release()
    await waiting
    expect(asked).toEqual(['grant', 'transact', 'watchDeletion'])
    expect(await driver.tryAcquire(requestOf('waiter'))).toMatchObject({ isGranted: true })
    expect(asked).toEqual(['grant', 'transact', 'watchDeletion', 'transact'])
  })

  test('who is woken before its turn is told by the same answer whom to wait for next', async () => {
    await using room = etcdRoom(url)
    const holder = await room.mutex().acquire('key')
    const impatient = watchedDriver(room)
    await impatient.driver.tryAcquire(requestOf('impatient'))
    const { driver, asked, waits } = watchedDriver(room)
    await driver.tryAcquire(requestOf('waiter'))
    const waiting = waits(requestOf('waiter'))
    await impatient.driver.release({ key: 'key', owner: 'impatient', fence: null })
    await waiting
    expect(await driver.tryAcquire(requestOf('waiter'))).toMatchObject({ isGranted: false })
    asked.length = 0
    const waitingAgain = waits(requestOf('waiter'))
    await holder.release()
    await waitingAgain
    expect(asked).toEqual(['watchDeletion'])
    expect(await driver.tryAcquire(requestOf('waiter'))).toMatchObject({ isGranted: true })
  })

  test('promise 6: what was waited for is granted for no longer than the lease of the place lives', async () => {
    await using room = etcdRoom(url)
    const { driver, waits } = watchedDriver(room)
    const holder = await room.mutex().acquire('key')
    await driver.tryAcquire(requestOf('waiter'))
    const startedAt = performance.now()
    const waiting = waits(requestOf('waiter'))
    await sleep(600)
    await holder.release()
    await waiting
    const waitedMs = performance.now() - startedAt
    const leftMs = grantedMs(await driver.tryAcquire(requestOf('waiter')))
    expect(leftMs).toBeLessThanOrEqual(TTL_MS - waitedMs)
    expect(leftMs).toBeGreaterThan(TTL_MS / 2)
  })

  test('a lease that nobody will renew begins with all of its ttl, also after a wait', async () => {
    await using room = etcdRoom(url)
    const { driver, asked, waits } = watchedDriver(room)
    const holder = await room.mutex().acquire('key')
    const request = requestOf('waiter', { renews: false })
    await driver.tryAcquire(request)
    const waiting = waits(request)
    await holder.release()
    await waiting
    const askedAt = performance.now()
    const leftMs = grantedMs(await driver.tryAcquire(request))
    const tookMs = performance.now() - askedAt
    expect(leftMs).toBeGreaterThanOrEqual(TTL_MS - tookMs - 1) // the wall clock counts whole milliseconds
    expect(asked).toContain('renew')
  })

  test('promise 6: a machine that slept while it waited renews its place before it relies on it', async () => {
    await using room = etcdRoom(url)
    let sleptMs = 0
    const { driver, asked, waits } = watchedDriver(room, { ...systemRuntime, now: () => systemRuntime.now() + sleptMs })
    const holder = await room.mutex().acquire('key')
    await driver.tryAcquire(requestOf('waiter'))
    const waiting = waits(requestOf('waiter'))
    await holder.release()
    await waiting
    sleptMs = 2 * TTL_MS // the monotonic clock has not noticed, and the server's lease, by chance, lives
    expect(grantedMs(await driver.tryAcquire(requestOf('waiter')))).toBeGreaterThan(0)
    expect(asked).toContain('renew')
  })

  test('a place whose lease has ended unnoticed is nobody’s: its owner asks anew, behind all who came meanwhile', async () => {
    await using room = etcdRoom(url)
    const { driver, waits } = watchedDriver(room)
    const holder = await room.mutex().acquire('key')
    await driver.tryAcquire(requestOf('waiter'))
    const { leases } = await room.client.leaseClient.leaseLeases()
    const waiting = waits(requestOf('waiter'))
    for (const { ID } of leases) {
      const { keys } = await room.client.leaseClient.leaseTimeToLive({ ID, keys: true })
      if (keys.some((key) => key.toString() === `${room.prefix}locks/key/waiter`))
        await room.client.leaseClient.leaseRevoke({ ID })
    }
    const next = room.mutex().acquire('key')
    await expect.poll(async () => room.keys(), { timeout: 5_000 }).toHaveLength(3)
    await holder.release()
    await waiting
    ;(await next).assertHeld()
    expect(await driver.tryAcquire(requestOf('waiter'))).toMatchObject({ isGranted: false })
  })
})

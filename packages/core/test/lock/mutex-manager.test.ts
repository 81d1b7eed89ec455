import { spawnSync } from 'node:child_process'
import type { Logger } from '@escapement/base'
import {
  createMutexManager,
  type LockDriver,
  memoryLockDriver,
  memoryMutex,
  type RenewalOutcome,
} from '@escapement/core'
import { type VirtualRuntime, virtualRuntime } from '@escapement/testkit'
import { expect, test } from 'vitest'

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** A driver in memory, some of whose methods are given. */
function driverWith(runtime: VirtualRuntime, given: Partial<LockDriver>): LockDriver {
  const sound = memoryLockDriver({ runtime })
  return {
    minTtlMs: sound.minTtlMs,
    maxTtlMs: sound.maxTtlMs,
    tryAcquire: (request) => sound.tryAcquire(request),
    renewMany: (renewals) => sound.renewMany(renewals),
    release: (release) => sound.release(release),
    close: () => sound.close(),
    ...given,
  }
}

/** Renewals that are answered by hand, in any order. */
class ManualRenewals {
  readonly answers: ((outcome: RenewalOutcome) => void)[] = []

  readonly renewMany = (): Promise<readonly RenewalOutcome[]> =>
    new Promise((resolve) => this.answers.push((outcome) => resolve([outcome])))
}

test('promise 6: a renewal that is granted after an end that nobody has noticed yet revives nothing', async () => {
  const runtime = virtualRuntime()
  const node = runtime.node()
  const renewals = new ManualRenewals()
  const mutex = createMutexManager(driverWith(runtime, renewals), { runtime: node, logger: silent })
  const lease = await mutex.acquire('key', { ttl: 1_000, renew: false })
  await runtime.advance(900)
  const outcome = lease.renew().catch((error: unknown) => error)
  node.pause()
  await runtime.advance(80)
  renewals.answers[0]?.('renewed')
  expect(await outcome).toMatchObject({ code: 'ERR_LEASE_LOST' })
  expect(lease.remainingMs()).toBe(0)
})

test('promise 6: a longer renewal counts only as far as a shorter one that is still under way allows', async () => {
  const runtime = virtualRuntime()
  const renewals = new ManualRenewals()
  const mutex = createMutexManager(driverWith(runtime, renewals), { runtime, logger: silent })
  const lease = await mutex.acquire('key', { ttl: 1_000, renew: false })
  const shorter = lease.renew()
  const longer = lease.renew(5_000)
  renewals.answers[1]?.('renewed')
  await longer
  expect(lease.remainingMs()).toBeLessThanOrEqual(1_000)
  renewals.answers[0]?.('renewed')
  await shorter
  const again = lease.renew()
  renewals.answers[2]?.('renewed')
  await again
  expect(lease.remainingMs()).toBeGreaterThan(4_000)
})

test('a grant that has too little left when it is found is given back, and the key taken anew', async () => {
  const runtime = virtualRuntime()
  const sound = memoryLockDriver({ runtime })
  const asked: string[] = []
  const driver = driverWith(runtime, {
    tryAcquire: async (request) => {
      asked.push(request.owner)
      const answer = await sound.tryAcquire(request)
      return answer.isGranted && asked.length === 1 ? { ...answer, ttlMs: 40 } : answer
    },
    release: (release) => sound.release(release),
  })
  const mutex = createMutexManager(driver, { runtime, logger: silent })
  const lease = await runtime.runUntil(mutex.acquire('key', { ttl: 1_000 }))
  expect(new Set(asked).size).toBeGreaterThan(1)
  expect(lease.owner).toBe(asked.at(-1))
  expect(lease.remainingMs()).toBeGreaterThan(900)
})

test('a server whose grants are always too short gives an error that says so, and leaves the loop free', async () => {
  const runtime = virtualRuntime()
  const given: Partial<LockDriver> = { tryAcquire: async () => ({ isGranted: true, fence: 1n, ttlMs: 5 }) }
  const mutex = createMutexManager(driverWith(runtime, given), { runtime, logger: silent })
  const refused = mutex.acquire('key', { ttl: 1_000, wait: 500 }).catch((error: unknown) => error)
  expect(await runtime.runUntil(refused)).toMatchObject({
    code: 'ERR_LOCK_UNAVAILABLE',
    message: expect.stringContaining('longer') as string,
  })
})

test('what a server has said stays the cause when it says nothing any more', async () => {
  const runtime = virtualRuntime()
  const said = new Error('two of three are away')
  let asked = 0
  const tryAcquire = (): Promise<never> => (++asked === 1 ? Promise.reject(said) : new Promise(() => undefined))
  const mutex = createMutexManager(driverWith(runtime, { tryAcquire }), { runtime, logger: silent })
  const refused = mutex.tryAcquire('key').catch((error: unknown) => error)
  expect(await runtime.runUntil(refused)).toMatchObject({ code: 'ERR_LOCK_UNAVAILABLE', cause: said })
  expect(asked).toBeGreaterThan(1)
})

test('who is held up until there is no time left to ask is told so, and of no limit below zero', async () => {
  const runtime = virtualRuntime()
  const node = runtime.node()
  const sound = memoryLockDriver({ runtime })
  let isSilent = false
  const tryAcquire: LockDriver['tryAcquire'] = (request) =>
    isSilent ? new Promise(() => undefined) : sound.tryAcquire(request)
  await sound.tryAcquire({ key: 'key', owner: 'other', ttlMs: 60_000 })
  const mutex = createMutexManager(driverWith(runtime, { tryAcquire }), { runtime: node, logger: silent })
  const refused = mutex.acquire('key', { wait: 100 }).catch((error: unknown) => error)
  await runtime.advance(50)
  isSilent = true
  node.pause()
  await runtime.advance(3_000)
  node.resume()
  expect(await runtime.runUntil(refused)).toMatchObject({
    code: 'ERR_LOCK_UNAVAILABLE',
    message: expect.stringContaining('no time left') as string,
  })
})

test('a renewal of which the server cannot say what became is asked for again', async () => {
  const runtime = virtualRuntime()
  const sound = memoryLockDriver({ runtime })
  let asked = 0
  const driver = driverWith(runtime, {
    tryAcquire: (request) => sound.tryAcquire(request),
    renewMany: async (renewals) => (++asked < 3 ? renewals.map(() => 'unknown') : sound.renewMany(renewals)),
  })
  const mutex = createMutexManager(driver, { runtime, logger: silent })
  const lease = await mutex.acquire('key', { ttl: 1_000 })
  await runtime.advance(1_200)
  lease.assertHeld()
  expect(asked).toBeGreaterThanOrEqual(3)
})

test('rule 23: a driver that fails to wait is asked at the pace of one that cannot', async () => {
  const runtime = virtualRuntime()
  const driver = driverWith(runtime, { waitForRelease: () => Promise.reject(new Error('connection lost')) })
  const holder = createMutexManager(driver, { runtime, logger: silent })
  const waiter = createMutexManager(driver, { runtime, logger: silent })
  const lease = await holder.acquire('key')
  const waiting = waiter.acquire('key')
  await runtime.advance(500)
  await lease.release()
  const releasedAt = runtime.monotonic()
  await runtime.runUntil(waiting)
  expect(runtime.monotonic() - releasedAt).toBeLessThanOrEqual(13)
})

test('who has waited at a server that queues gives its place up: after its wait, on its abort, when the manager closes', async () => {
  const runtime = virtualRuntime()
  const sound = memoryLockDriver({ runtime })
  const queue: string[] = []
  const driver = driverWith(runtime, {
    waitForRelease: async ({ owner }, { timeoutMs, signal }) => {
      if (!queue.includes(owner)) queue.push(owner)
      await runtime.sleep(timeoutMs, signal).catch(() => undefined)
    },
    release: async (release) => {
      if (release.fence === null && queue.includes(release.owner)) queue.splice(queue.indexOf(release.owner), 1)
      return sound.release(release)
    },
  })
  const holder = createMutexManager(driver, { runtime, logger: silent })
  const waiter = createMutexManager(driver, { runtime, logger: silent })
  await holder.acquire('key')
  const abort = new AbortController()
  const given = [{ wait: '7s' }, { signal: abort.signal }, {}] as const
  for (const [index, options] of given.entries()) {
    const waiting = waiter.acquire('key', options).catch(() => undefined)
    await runtime.advance(6_000)
    expect(queue).toHaveLength(1) // one place in the queue, however often the driver is asked to wait
    if (index === 1) abort.abort()
    if (index === 2) await waiter.close()
    await runtime.runUntil(waiting)
    await runtime.advance(0)
    expect(queue).toEqual([])
  }
})

test('a waiter of the same manager gets the key at the instant of its release, without polling', async () => {
  const runtime = virtualRuntime()
  const mutex = createMutexManager(driverWith(runtime, {}), { runtime, logger: silent })
  const lease = await mutex.acquire('key')
  const waiting = mutex.acquire('key')
  await runtime.advance(500)
  await lease.release()
  const releasedAt = runtime.monotonic()
  await runtime.runUntil(waiting)
  expect(runtime.monotonic()).toBe(releasedAt)
})

test('a manager that is closed at any moment of a grant leaves the key free', async () => {
  for (let turns = 0; turns < 20; turns++) {
    const runtime = virtualRuntime()
    const server = memoryLockDriver({ runtime })
    const mutex = createMutexManager(server, { runtime, logger: silent })
    const asking = mutex.acquire('key').catch(() => undefined)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    await runtime.runUntil(mutex.close())
    await asking
    const answer = await server.tryAcquire({ key: 'key', owner: 'next', ttlMs: 1_000 })
    expect({ turns, isGranted: answer.isGranted }).toEqual({ turns, isGranted: true })
  }
})

test('managers on one memory driver exclude each other, managers on their own do not', async () => {
  const driver = memoryLockDriver()
  await using one = memoryMutex({ driver })
  await using two = memoryMutex({ driver })
  await using other = memoryMutex()
  await one.acquire('key')
  expect(await two.tryAcquire('key')).toBeNull()
  expect(await other.tryAcquire('key')).not.toBeNull()
})

test('says to the logger which lease was lost, and of one that was released nothing', async () => {
  const runtime = virtualRuntime()
  const said: string[] = []
  const mutex = memoryMutex({ runtime, logger: { ...silent, warn: (message) => said.push(message) } })
  await (await mutex.acquire('kept')).release()
  await mutex.acquire('lost', { ttl: 1_000, renew: false })
  await runtime.advance(1_000)
  expect(said).toEqual([expect.stringContaining('"lost"')])
})

test('a lease that is held does not keep the process alive', { timeout: 30_000 }, () => {
  const script = `
    import { memoryMutex } from '@escapement/core'
    const mutex = memoryMutex()
    await mutex.acquire('key', { ttl: '1h' })`
  const options = { cwd: import.meta.dirname, timeout: 20_000, encoding: 'utf8' } as const
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], options)
  expect({ status, stderr: stderr.replaceAll(/^.*(ExperimentalWarning|trace-warnings).*\n/gm, '') }).toEqual({
    status: 0,
    stderr: '',
  })
})

test('who waits for what this manager has asks the server once it is given back', async () => {
  const runtime = virtualRuntime()
  const sound = driverWith(runtime, {})
  let asked = 0
  const driver: LockDriver = {
    ...sound,
    tryAcquire: (request) => {
      asked++
      return sound.tryAcquire(request)
    },
  }
  const mutex = createMutexManager(driver, { runtime, logger: silent })
  const lease = await mutex.acquire('key', { ttl: 1_000 })
  const next = mutex.acquire('key', { ttl: 1_000, wait: 60_000 })
  await runtime.advance(10_000) // it is renewed meanwhile
  expect(asked).toBe(1)
  await lease.release()
  expect((await next).fence).toBeGreaterThan(lease.fence)
  expect(asked).toBe(2)
})

test('who waits for what this manager has asks at once when that is lost, or its release fails or is not answered', async () => {
  for (const fault of ['lost', 'failed', 'silent'] as const) {
    const runtime = virtualRuntime()
    const sound = driverWith(runtime, {})
    let isFailing = false
    const driver: LockDriver = {
      ...sound,
      renewMany: async (renewals) => (isFailing ? renewals.map(() => 'not-held') : sound.renewMany(renewals)),
      release: async (release) => {
        const answer = await sound.release(release)
        if (isFailing && fault === 'silent') return await Promise.withResolvers<boolean>().promise
        if (isFailing) throw new Error('no answer')
        return answer
      },
    }
    const mutex = createMutexManager(driver, { runtime, logger: silent })
    const lease = await mutex.acquire('key', { ttl: 600_000 })
    const next = mutex.acquire('key', { wait: 60_000 })
    await runtime.advance(1_000)
    isFailing = true
    if (fault !== 'lost') void lease.release().catch(() => undefined)
    else {
      await sound.release({ key: 'key', owner: lease.owner, fence: lease.fence })
      await lease.renew().catch(() => undefined)
    }
    await runtime.advance(2_000)
    expect((await next).fence).toBeGreaterThan(lease.fence)
  }
})

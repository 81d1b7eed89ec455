import { quietLogger, systemRuntime } from '@escapement/base'
import type { LockRequest } from '@escapement/core'
import { startTcpProxy } from '@escapement/testkit/servers'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connectionOf } from '../src/connection/connection-of.ts'
import { RedisLockDriver } from '../src/lock-driver.ts'
import { LockNames } from '../src/lock-names.ts'
import { openClient } from './clients.ts'

const REQUEST: LockRequest = { key: 'key', owner: 'waiter', ttlMs: 5_000, waits: true }
const HOLDER: LockRequest = { key: 'key', owner: 'holder', ttlMs: 60_000 }
let tests = 0

/** A driver, and the commands that it has sent. */
interface Watched {
  readonly driver: RedisLockDriver
  readonly sent: string[]
}

async function watchedDriver(url: string, prefix: string): Promise<Watched> {
  const opened = await openClient(url)
  const connection = connectionOf(opened.client)
  const send = connection.send.bind(connection)
  const sent: string[] = []
  connection.send = (key, command) => {
    if (key !== null) sent.push(command[0] ?? '')
    return send(key, command)
  }
  const settings = { runtime: systemRuntime, logger: quietLogger, maxTtlMs: 60_000, hasQuarantine: false }
  const driver = new RedisLockDriver(connection, { ...settings, names: new LockNames(prefix) })
  onTestFinished(async () => {
    await driver.close()
    await opened[Symbol.asyncDispose]()
  })
  return { driver, sent }
}

function wait(driver: RedisLockDriver, timeoutMs = 20_000): Promise<void> {
  return driver.waitForRelease(REQUEST, { timeoutMs, signal: new AbortController().signal })
}

describeWithServer('redis', ({ url }) => {
  const newPrefix = (): string => `waiting-${++tests}:`

  /** A waiter that listens to the channel of the key already, which another one holds. */
  async function listening(throughUrl: string = url): Promise<{ holder: RedisLockDriver } & Watched> {
    const prefix = newPrefix()
    const { driver: holder } = await watchedDriver(url, prefix)
    await holder.tryAcquire(HOLDER)
    const { driver, sent } = await watchedDriver(throughUrl, prefix)
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: false })
    await wait(driver, 50)
    sent.length = 0
    return { holder, driver, sent }
  }

  test('who is refused while it listens waits without another look at the key, and is woken', async () => {
    const { holder, driver, sent } = await listening()
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: false })
    const startedAt = performance.now()
    const waiting = wait(driver)
    await holder.release({ ...HOLDER, fence: null })
    await waiting
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(sent).toEqual(['evalsha'])
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: true })
  })

  test('a release between the refusal and the wait is not missed', async () => {
    const { holder, driver } = await listening()
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: false })
    const { signal } = new AbortController()
    const told = driver.waitForRelease({ ...REQUEST, owner: 'another' }, { timeoutMs: 20_000, signal })
    await holder.release({ ...HOLDER, fence: null })
    await told
    const startedAt = performance.now()
    await wait(driver)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })

  test('a lease that ends without a release ends the wait of who did not look again', async () => {
    const { holder, driver } = await listening()
    await holder.release({ ...HOLDER, fence: null })
    await holder.tryAcquire({ ...HOLDER, owner: 'dead', ttlMs: 400 })
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: false })
    const startedAt = performance.now()
    await wait(driver)
    await wait(driver) // the first may have heard of the release before
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: true })
  })

  test('who has lost the connection for messages since it was refused looks again', async () => {
    await using proxy = await startTcpProxy(url)
    const { holder, driver, sent } = await listening(proxy.url)
    expect(await driver.tryAcquire(REQUEST)).toMatchObject({ isGranted: false })
    proxy.cut()
    await holder.release({ ...HOLDER, fence: null })
    const startedAt = performance.now()
    await vi.waitFor(() => wait(driver), { timeout: 10_000 }) // no connection is made for a second
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(sent.length).toBeGreaterThan(1)
  })
})

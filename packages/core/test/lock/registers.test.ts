import { createMutexManager, type LockDriver, memoryLockDriver } from '@escapement/core'
import { faultyLockDriver, virtualRuntime } from '@escapement/testkit'
import { expect, test } from 'vitest'

test('rule 25: an answer about registers that does not come is given up after 2 s, and asking again tells no lie', async () => {
  const runtime = virtualRuntime()
  const driver = faultyLockDriver(memoryLockDriver({ runtime }), runtime)
  const mutex = createMutexManager(driver, { runtime })
  const advance = async (value: number): Promise<readonly boolean[] | undefined> =>
    await runtime.runUntil(mutex.advanceMany?.([{ key: 'tick', value }]) ?? Promise.resolve(undefined))
  const startedAt = runtime.now()
  driver.fail('advanceMany', { kind: 'hanging-reply' })
  await expect(advance(1)).rejects.toMatchObject({ code: 'ERR_LOCK_UNAVAILABLE' })
  expect(runtime.now() - startedAt).toBe(2_000)
  expect(await advance(1)).toEqual([false])
  driver.fail('advanceMany', { kind: 'lost-request' })
  await expect(advance(2)).rejects.toThrow('Lock registers ("tick"): the lock server failed')
  expect(await advance(2)).toEqual([true])
})

test('rule 25: registers and the clock of a lock server that has none are not offered', () => {
  const runtime = virtualRuntime()
  const sound = memoryLockDriver({ runtime })
  const driver: LockDriver = {
    minTtlMs: sound.minTtlMs,
    maxTtlMs: sound.maxTtlMs,
    tryAcquire: (request) => sound.tryAcquire(request),
    renewMany: (renewals) => sound.renewMany(renewals),
    release: (release) => sound.release(release),
    close: () => sound.close(),
  }
  const mutex = createMutexManager(driver, { runtime })
  expect([mutex.advanceMany, mutex.serverNow]).toEqual([undefined, undefined])
})

test('registers are checked before anything is asked, and nothing is asked once the manager is closed', async () => {
  const runtime = virtualRuntime({ startAt: 1_000 })
  const driver = faultyLockDriver(memoryLockDriver({ runtime }), runtime)
  const mutex = createMutexManager(driver, { runtime })
  const entries = [
    { key: 'good', value: 1 },
    { key: '', value: 1 },
  ]
  await expect(mutex.advanceMany?.(entries)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
  await expect(mutex.advanceMany?.([{ key: 'half', value: 0.5 }])).rejects.toThrow('must be a safe integer')
  expect(driver.calls).toEqual([])
  expect(await mutex.serverNow?.()).toBe(1_000)
  await mutex.close()
  await expect(mutex.advanceMany?.([{ key: 'late', value: 1 }])).rejects.toThrow('the mutex manager is closed')
  await expect(mutex.serverNow?.()).rejects.toThrow('the mutex manager is closed')
})

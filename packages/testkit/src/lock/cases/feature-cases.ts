import assert from 'node:assert/strict'
import { granted } from '../granted.ts'
import { caseTimes, type MutexCase, type MutexContractTarget, type MutexFeature, mutexCase } from '../mutex-case.ts'

/** What a server or driver may lack: exactly what the target says it lacks is left out. */
export function featureCases(target: MutexContractTarget): MutexCase[] {
  const cases: Record<MutexFeature, (target: MutexContractTarget) => MutexCase[]> = {
    loseData: lossCases,
    waitForRelease: waitCases,
    advanceMany: registerCases,
    now: serverClockCases,
  }
  const lacks = target.lacks ?? []
  const features = Object.keys(cases) as MutexFeature[]
  return [
    mutexCase(target, `it has what it says it has, and lacks ${lacks.join(', ') || 'nothing'}`, async (setup) => {
      const { driver } = await setup.client()
      const has = (feature: MutexFeature): boolean =>
        (feature === 'loseData' ? setup.server[feature] : driver[feature]) !== undefined
      assert.deepEqual(
        features.filter((feature) => !has(feature)),
        features.filter((feature) => lacks.includes(feature)),
      )
    }),
    ...features.flatMap((feature) => (lacks.includes(feature) ? [] : cases[feature](target))),
  ]
}

function lossCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(target, 'rule 16: fences grow also when the server has lost its data', async (setup) => {
      const { mutex } = await setup.client()
      const before = await setup.clock.until(mutex.acquire('key', { ttl: ttlMs, renew: false }))
      await setup.clock.advance(10)
      assert.ok(setup.server.loseData !== undefined)
      await setup.clock.until(setup.server.loseData())
      const after = await setup.clock.until(mutex.acquire('key'))
      assert.ok(after.fence > before.fence)
    }),
  ]
}

function waitCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(
      target,
      'rule 23: a driver that can wait misses no release, not even one before the wait',
      async (setup) => {
        const { driver, node } = await setup.client()
        assert.ok(driver.waitForRelease !== undefined)
        const { fence } = await granted(setup, 'owner', 30 * ttlMs)
        const request = { key: 'key', owner: 'other', ttlMs }
        const wait = { timeoutMs: 20 * ttlMs, signal: new AbortController().signal }
        const startedAt = node.monotonic()
        const waiting = driver.waitForRelease(request, wait)
        await setup.clock.advance(100)
        await setup.clock.until(driver.release({ key: 'key', owner: 'owner', fence }))
        await setup.clock.until(waiting)
        await setup.clock.until(driver.waitForRelease(request, wait))
        assert.ok(node.monotonic() - startedAt < 5 * ttlMs)
        // What a manager does when it gives up: a server that queues may have granted it the key by now.
        await setup.clock.until(driver.release({ key: 'key', owner: 'other', fence: null }))
        await granted(setup, 'owner', 30 * ttlMs)
        await setup.clock.until(driver.waitForRelease(request, { ...wait, timeoutMs: 50 }))
        const abort = new AbortController()
        const ended = Promise.allSettled([driver.waitForRelease(request, { ...wait, signal: abort.signal })])
        abort.abort()
        await setup.clock.until(ended)
        assert.ok(node.monotonic() - startedAt < 10 * ttlMs)
      },
    ),
  ]
}

function registerCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs } = caseTimes(target)
  return [
    mutexCase(target, 'rule 25: a register moves only forward, and only one call moves it there', async (setup) => {
      const { driver } = await setup.client()
      const advanceMany = driver.advanceMany?.bind(driver)
      assert.ok(advanceMany !== undefined)
      const at = (key: string, value: number): { key: string; value: number } => ({ key, value })
      assert.deepEqual(await setup.clock.until(advanceMany([])), [])
      assert.deepEqual(await setup.clock.until(advanceMany([at('a', 10), at('b', -5)])), [true, true])
      assert.deepEqual(await setup.clock.until(advanceMany([at('b', 1), at('a', 10), at('a', 9)])), [
        true,
        false,
        false,
      ])
      assert.deepEqual(await setup.clock.until(advanceMany([at('c', 1), at('c', 1), at('c', 2)])), [true, false, true])
      const instant = 1_800_000_000_000
      const calls = Array.from({ length: 8 }, async () => advanceMany([at('a', instant)]))
      const moved = (await setup.clock.until(Promise.all(calls))).flat()
      assert.equal(moved.filter(Boolean).length, 1)
      assert.deepEqual(await setup.clock.until(advanceMany([at('a', instant + 1)])), [true])
    }),

    mutexCase(target, 'rule 25: a register and a lock of the same name do not touch each other', async (setup) => {
      const { driver } = await setup.client()
      assert.ok(driver.advanceMany !== undefined)
      const { fence } = await granted(setup, 'owner', 10 * ttlMs)
      assert.deepEqual(await setup.clock.until(driver.advanceMany([{ key: 'key', value: 5 }])), [true])
      assert.equal(await setup.clock.until(driver.release({ key: 'key', owner: 'owner', fence })), true)
      assert.deepEqual(await setup.clock.until(driver.advanceMany([{ key: 'key', value: 5 }])), [false])
      assert.ok((await granted(setup, 'owner', ttlMs)).fence > fence)
    }),
  ]
}

function serverClockCases(target: MutexContractTarget): MutexCase[] {
  return [
    mutexCase(target, 'the clock of the server goes on', async (setup) => {
      const { driver } = await setup.client()
      assert.ok(driver.now !== undefined)
      const before = await setup.clock.until(driver.now())
      await setup.clock.advance(500)
      const passedMs = (await setup.clock.until(driver.now())) - before
      assert.ok(passedMs >= 490 && passedMs < 10_000)
    }),
  ]
}

import assert from 'node:assert/strict'
import { granted } from '../granted.ts'
import { caseTimes, type MutexCase, type MutexContractTarget, mutexCase } from '../mutex-case.ts'

/** What the driver itself must do at the server. */
export function driverCases(target: MutexContractTarget): MutexCase[] {
  const { ttlMs, lingerMs } = caseTimes(target)
  return [
    mutexCase(
      target,
      'the driver finds a live grant of the same owner, with its fence and what is left of it',
      async (setup) => {
        const first = await granted(setup, 'owner', 2 * ttlMs)
        await setup.clock.advance(300)
        const again = await granted(setup, 'owner', 2 * ttlMs)
        assert.equal(again.fence, first.fence)
        assert.ok(again.ttlMs <= first.ttlMs - 250 && again.ttlMs > 0)
      },
    ),

    mutexCase(
      target,
      'the driver renews only what lives under the same owner and fence, and answers in order',
      async (setup) => {
        const { driver } = await setup.client()
        const { fence } = await granted(setup, 'owner', ttlMs)
        const hold = { key: 'key', owner: 'owner', fence, ttlMs }
        const wrong = [{ ...hold, owner: 'other' }, { ...hold, fence: fence - 1n }, hold, { ...hold, key: 'free' }]
        const outcomes = await setup.clock.until(driver.renewMany(wrong))
        assert.deepEqual(outcomes, ['not-held', 'not-held', 'renewed', 'not-held'])
        assert.deepEqual(await setup.clock.until(driver.renewMany([])), [])
        await setup.clock.advance(2 * ttlMs + lingerMs)
        assert.deepEqual(
          await setup.clock.until(driver.renewMany([hold])),
          ['not-held'],
          'an ended lease is not revived',
        )
      },
    ),

    mutexCase(target, 'the driver releases only what lives under the same owner and fence', async (setup) => {
      const { driver } = await setup.client()
      const { fence } = await granted(setup, 'owner', 10 * ttlMs)
      const release = { key: 'key', owner: 'owner', fence }
      assert.equal(await setup.clock.until(driver.release({ ...release, owner: 'other' })), false)
      assert.equal(await setup.clock.until(driver.release({ ...release, fence: fence + 1n })), false)
      assert.equal(await setup.clock.until(driver.release({ ...release, owner: 'other', fence: null })), false)
      assert.equal(await setup.clock.until(driver.release(release)), true)
      assert.equal(await setup.clock.until(driver.release(release)), false)
      const next = await granted(setup, 'owner', 10 * ttlMs)
      assert.ok(next.fence > fence)
      assert.equal(await setup.clock.until(driver.release({ ...release, fence: null })), true)
    }),

    mutexCase(target, 'the driver says how long a refused key is held, or that it does not know', async (setup) => {
      const { driver } = await setup.client()
      await granted(setup, 'owner', ttlMs)
      const refusal = await setup.clock.until(driver.tryAcquire({ key: 'key', owner: 'other', ttlMs }))
      assert.equal(refusal.isGranted, false)
      const heldForMs = refusal.isGranted ? 0 : refusal.heldForMs
      assert.ok(heldForMs === null || (heldForMs > 0 && heldForMs <= 3 * ttlMs))
    }),
  ]
}

import assert from 'node:assert/strict'
import type { LockGrant } from '@escapement/core'
import type { MutexCaseSetup } from './mutex-case.ts'

/** Takes the lock `key` for `owner` through a client of its own; fails unless it is granted. */
export async function granted(setup: MutexCaseSetup, owner: string, ttlMs: number): Promise<LockGrant> {
  const { driver } = await setup.client()
  const answer = await setup.clock.until(driver.tryAcquire({ key: 'key', owner, ttlMs }))
  assert.ok(answer.isGranted)
  return answer
}

import type { Runtime } from '@escapement/base'
import { systemRuntime } from '@escapement/base'
import { expect, test } from 'vitest'
import { LeaseDeadline } from '../../src/run/lease-deadline.ts'

/** A runtime whose two clocks are set by hand. Milliseconds. */
function handClocks(): { readonly clocks: { wall: number; monotonic: number }; readonly runtime: Runtime } {
  const clocks = { wall: 1_000_000, monotonic: 5_000 }
  return { clocks, runtime: { ...systemRuntime, now: () => clocks.wall, monotonic: () => clocks.monotonic } }
}

test('rule 15: a wall clock that is set back makes no lease longer', () => {
  const { clocks, runtime } = handClocks()
  const lease = new LeaseDeadline(runtime)
  lease.grant(lease.mark(), 30_000)
  clocks.wall -= 3_600_000
  clocks.monotonic += 30_000
  expect(lease.remainingMs()).toBe(0)
})

test('rule 15: a monotonic clock that stood still while the machine slept makes no lease longer', () => {
  const { clocks, runtime } = handClocks()
  const lease = new LeaseDeadline(runtime)
  lease.grant(lease.mark(), 30_000)
  clocks.wall += 30_000
  expect(lease.remainingMs()).toBe(0)
})

test('rule 15: a lease is trusted for less than it was granted, from before it was asked for', () => {
  const { clocks, runtime } = handClocks()
  const lease = new LeaseDeadline(runtime)
  const mark = lease.mark()
  clocks.wall += 10_000
  clocks.monotonic += 10_000
  lease.grant(mark, 30_000)
  expect(lease.remainingMs()).toBeLessThan(20_000)
  expect(lease.remainingMs()).toBeGreaterThan(15_000)
})

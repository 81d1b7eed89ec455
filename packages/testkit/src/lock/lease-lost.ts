import { systemRuntime } from '@escapement/base'
import type { Lease } from '@escapement/core'

/** Resolves when a lease is reported as lost, with when that was, milliseconds on the machine's monotonic clock. */
export function leaseLost(lease: Lease): Promise<number> {
  return new Promise((resolve) => lease.signal.addEventListener('abort', () => resolve(systemRuntime.monotonic())))
}

import assert from 'node:assert/strict'
import { systemRuntime } from '@escapement/base'
import type { MutexManager } from '@escapement/core'
import type { TcpProxy } from '../faults/tcp-proxy/tcp-proxy.ts'
import { leaseLost } from './lease-lost.ts'

/** Two ways to one lock server. */
export interface CutOffSetup {
  /** Between `mutex` and the server. */
  readonly proxy: TcpProxy
  readonly mutex: MutexManager
  /** Goes to the server straight. */
  readonly others: MutexManager
  /** Of the lease that is lost. Milliseconds. */
  readonly ttlMs: number
}

/**
 * Promise 6 for a driver with a connection that can be frozen: a holder that is cut off from the server is told before
 * anybody else is granted its key, and what it had sent revives nothing when it arrives.
 */
export async function cutOffHolder({ proxy, mutex, others, ttlMs }: CutOffSetup): Promise<void> {
  const lease = await mutex.acquire('cut off', { ttl: ttlMs })
  const ended = leaseLost(lease)
  proxy.freeze()
  const next = await others.acquire('cut off', { wait: '10s' })
  const grantedAt = systemRuntime.monotonic()
  assert.ok((await ended) < grantedAt, 'the holder was told after another had been granted its key')
  assert.ok(next.fence > lease.fence, 'the fence did not grow')
  proxy.thaw() // what was sent meanwhile arrives
  await assert.rejects(lease.renew(), { code: 'ERR_LEASE_LOST' })
  assert.equal(await lease.release(), 'not-held')
  await next.renew()
  assert.equal(await mutex.tryAcquire('cut off'), null)
}

import assert from 'node:assert/strict'
import type { Lease } from '@escapement/core'
import type { MutexCaseSetup, MutexClient } from './mutex-case.ts'

/** A lease of `key` that cannot be renewed. */
interface EndingLease {
  readonly lease: Lease
  readonly holder: MutexClient
  /** Another client, who asks for the key as soon as the holder is told. */
  readonly other: MutexClient
  /** The server keeps the lease until then at least, milliseconds on the holder's monotonic clock. */
  readonly keptUntil: number
  /** How much time to let pass, milliseconds: beyond the end of the lease. */
  readonly passMs: number
}

/**
 * Promise 6: the signal fires before anyone else can get the key. Judged by the order of events, not by how long they take on a
 * busy machine: an event loop that turns too late for the signal is as late for a timer that is set for the lease's end, and an
 * answer that arrives after that end proves nothing about who had the key before.
 */
export async function toldInTime(setup: MutexCaseSetup, ending: EndingLease): Promise<void> {
  const { lease, holder, other, keptUntil, passMs } = ending
  const { node } = holder
  const wasTold = node.sleep(keptUntil - node.monotonic()).then(() => lease.signal.aborted)
  const asked: Promise<{ readonly grant: Lease | null; readonly answeredAt: number }>[] = []
  lease.signal.addEventListener('abort', () => {
    asked.push(other.mutex.tryAcquire('key').then((grant) => ({ grant, answeredAt: node.monotonic() })))
  })
  await setup.clock.advance(passMs)
  assert.equal(await setup.clock.until(wasTold), true, 'the signal had not fired when the lease could end')
  assert.equal((lease.signal.reason as { code: string }).code, 'ERR_LEASE_LOST')
  for (const { grant, answeredAt } of await setup.clock.until(Promise.all(asked))) {
    assert.ok(grant === null || answeredAt >= keptUntil, 'another had the key before the lease could end')
    if (grant !== null) await setup.clock.until(grant.release())
  }
}

import type { KeyWait } from './history-report.ts'
import type { RecordedLease } from './recorded-lease.ts'

/**
 * How long a key was free while somebody wanted it, before each grant.
 *
 * @param leases - Of one key, in the order in which they were handed out.
 */
export function keyWaits(leases: readonly RecordedLease[]): KeyWait[] {
  const wantedSince = wantedBefore(leases)
  let freeSince = Number.NEGATIVE_INFINITY
  return leases.flatMap(({ key, from: at, heldUntil }, index) => {
    const waitedMs = at - Math.max(freeSince, wantedSince[index] ?? at)
    freeSince = Math.max(freeSince, heldUntil)
    return waitedMs > 0 ? [{ key, at, waitedMs }] : []
  })
}

/** For each grant since when somebody had been asking who was granted it then or later. */
function wantedBefore(leases: readonly RecordedLease[]): number[] {
  let since = Number.POSITIVE_INFINITY
  return leases
    .toReversed()
    .map(({ askedAt }) => (since = Math.min(since, askedAt)))
    .toReversed()
}

import type { HistoryEvent } from './history-event.ts'
import type { KeyWait } from './history-report.ts'
import type { RecordedLease } from './recorded-lease.ts'

/** A waiter that gave up. */
export type RecordedRefusal = Extract<HistoryEvent, { type: 'refused' }>

/** The end of a wait: with a grant, or with none. */
interface WaitEnd {
  readonly key: string
  readonly askedAt: number
  readonly at: number
  readonly heldUntil: number
  readonly isReleased: boolean
}

/**
 * How long a key was free while somebody wanted it, before each grant, and before each waiter that gave up.
 *
 * @param leases - Of one key.
 * @param refusals - Of the same key.
 */
export function keyWaits(leases: readonly RecordedLease[], refusals: readonly RecordedRefusal[]): KeyWait[] {
  const ends: readonly WaitEnd[] = [
    ...leases.map(({ from, ...lease }) => ({ ...lease, at: from })),
    ...refusals.map((refusal) => ({ ...refusal, heldUntil: Number.NEGATIVE_INFINITY, isReleased: false })),
  ].toSorted((a, b) => a.at - b.at)
  const wantedSince = wantedBefore(ends)
  let free = { since: Number.NEGATIVE_INFINITY, isReleased: false }
  return ends.flatMap(({ key, at, heldUntil, isReleased }, index) => {
    const wanted = wantedSince[index] ?? at
    const waitedMs = at - Math.max(free.since, wanted)
    const isAfterRelease = free.isReleased && wanted <= free.since
    if (heldUntil >= free.since) free = { since: heldUntil, isReleased }
    return waitedMs > 0 ? [{ key, at, waitedMs, isAfterRelease }] : []
  })
}

/** For each end since when somebody had been asking whose wait ended then or later. */
function wantedBefore(ends: readonly WaitEnd[]): number[] {
  let since = Number.POSITIVE_INFINITY
  return ends
    .toReversed()
    .map(({ askedAt }) => (since = Math.min(since, askedAt)))
    .toReversed()
}

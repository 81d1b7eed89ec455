import type { DataLoss, HistoryFinding } from './history-report.ts'
import type { RecordedLease } from './recorded-lease.ts'

/**
 * Leases of one key that were relied on at the same time, or whose signal came after the next grant.
 *
 * @param leases - Of one key, in the order in which they were handed out.
 * @param losses - Those after which the server could not know of leases from before.
 */
export function exclusionFindings(leases: readonly RecordedLease[], losses: readonly DataLoss[]): HistoryFinding[] {
  return [
    ...findingsOf(leases, losses, 'overlap', 'was still relied on', ({ heldUntil }) => heldUntil),
    ...findingsOf(leases, losses, 'late-signal', 'had not been signalled', ({ unsignalledUntil }) => unsignalledUntil),
  ]
}

function findingsOf(
  leases: readonly RecordedLease[],
  losses: readonly DataLoss[],
  kind: 'overlap' | 'late-signal',
  what: string,
  endOf: (lease: RecordedLease) => number,
): HistoryFinding[] {
  const findings: HistoryFinding[] = []
  let live: RecordedLease[] = []
  for (const lease of leases) {
    live = live.filter((earlier) => endOf(earlier) >= lease.from)
    for (const earlier of live) {
      if (losses.some((loss) => isBetween(loss, earlier, lease) && endOf(earlier) <= loss.leasesEndBy)) continue
      const lateMs = (endOf(earlier) - lease.from).toFixed(1)
      const message = `fence ${earlier.fence} ${what} ${lateMs} ms after fence ${lease.fence} was granted`
      findings.push({ kind, key: lease.key, at: lease.from, message })
    }
    live.push(lease)
  }
  return findings
}

/** Whether the data may have been lost between two grants: then nothing could tell the server of the first. */
function isBetween(loss: DataLoss, earlier: RecordedLease, later: RecordedLease): boolean {
  return earlier.from <= loss.until && later.from >= loss.from
}

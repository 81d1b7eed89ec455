import type { HistoryFinding } from './history-report.ts'
import type { RecordedLease } from './recorded-lease.ts'

/**
 * Fences that do not grow, whatever happened in between.
 *
 * @param leases - Of one key, in the order in which they were handed out.
 */
export function fenceFindings(leases: readonly RecordedLease[]): HistoryFinding[] {
  const findings: HistoryFinding[] = []
  const seen = new Set<bigint>()
  let greatest = 0n
  for (const { key, fence, from: at } of leases) {
    if (seen.has(fence)) {
      findings.push({ kind: 'fence-reused', key, at, message: `fence ${fence} was granted twice` })
    } else if (fence < greatest) {
      findings.push({ kind: 'fence-order', key, at, message: `fence ${fence} was granted after ${greatest}` })
    }
    seen.add(fence)
    if (fence > greatest) greatest = fence
  }
  return findings
}

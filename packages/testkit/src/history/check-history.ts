import { exclusionFindings } from './exclusion-findings.ts'
import { fenceFindings } from './fence-findings.ts'
import type { HistoryEvent } from './history-event.ts'
import type { DataLoss, HistoryReport } from './history-report.ts'
import { keyWaits } from './key-waits.ts'
import { recordedLeases } from './recorded-lease.ts'
import { writeFindings } from './write-findings.ts'

/** What is known of the history beside its events. */
export interface CheckHistoryOptions {
  /**
   * Losses of data that excuse a lease from after one of them for beginning before one from before it had ended. Fences must
   * grow all the same. Default none: with quarantine nothing is excused.
   */
  readonly losses?: readonly DataLoss[]
}

/**
 * Judges what the holders of locks have noted: no two of them relied on one key at the same time, signals fired before the
 * next grant, fences grew and were never used twice, and guarded writes were applied in their order.
 *
 * @param history - Events in any order, of any number of keys and processes.
 * @example
 * ```ts
 * const { findings } = checkHistory([
 *   { type: 'granted', key: 'report', owner: 'a', fence: '7', askedAt: 0, at: 1 },
 *   { type: 'held', key: 'report', owner: 'a', at: 30 },
 *   { type: 'granted', key: 'report', owner: 'b', fence: '8', askedAt: 2, at: 20 },
 * ])
 * console.log(findings[0]?.message) // fence 7 was still relied on 10.0 ms after fence 8 was granted
 * ```
 */
export function checkHistory(
  history: readonly HistoryEvent[],
  { losses = [] }: CheckHistoryOptions = {},
): HistoryReport {
  const leases = recordedLeases(history)
  const leasesByKey = [...Map.groupBy(leases, ({ key }) => key).values()]
  const writes = history.filter((event) => event.type === 'written')
  const writesByKey = [...Map.groupBy(writes, ({ key }) => key).values()]
  const refusedWrites = writes.filter(({ place }) => place === null).length
  const findings = [
    ...leasesByKey.flatMap((ofKey) => [...exclusionFindings(ofKey, losses), ...fenceFindings(ofKey)]),
    ...writesByKey.flatMap((ofKey) => writeFindings(ofKey, losses)),
  ]
  return {
    leases: leases.length,
    appliedWrites: writes.length - refusedWrites,
    refusedWrites,
    waits: leasesByKey.flatMap(keyWaits).toSorted((a, b) => a.at - b.at),
    findings: findings.toSorted((a, b) => a.at - b.at),
  }
}

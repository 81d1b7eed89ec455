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
   * Losses of data: a lease from after one of them may begin before one from before it has ended, which it must have done
   * by `leasesEndBy`. Fences must grow all the same. Default none.
   */
  readonly losses?: readonly DataLoss[]
  /** Whether the server grants nothing after a loss until all leases from before have ended. Default false. */
  readonly hasQuarantine?: boolean
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
  { losses = [], hasQuarantine = false }: CheckHistoryOptions = {},
): HistoryReport {
  const leases = recordedLeases(history)
  const leasesOf = Map.groupBy(leases, ({ key }) => key)
  const refusalsOf = Map.groupBy(
    history.filter((event) => event.type === 'refused'),
    ({ key }) => key,
  )
  const keys = [...new Set([...leasesOf.keys(), ...refusalsOf.keys()])]
  const writes = history.filter((event) => event.type === 'written')
  const writesByKey = [...Map.groupBy(writes, ({ key }) => key).values()]
  const refusedWrites = writes.filter(({ place }) => place === null).length
  const excuses = hasQuarantine ? [] : losses
  const findings = [
    ...[...leasesOf.values()].flatMap((ofKey) => [...exclusionFindings(ofKey, excuses), ...fenceFindings(ofKey)]),
    ...writesByKey.flatMap((ofKey) => writeFindings(ofKey, losses)),
  ]
  return {
    leases: leases.length,
    appliedWrites: writes.length - refusedWrites,
    refusedWrites,
    failedWrites: history
      .filter((event) => event.type === 'write-failed')
      .map(({ key, from, at, problem }) => ({ key, from, at, problem })),
    waits: keys
      .flatMap((key) => keyWaits(leasesOf.get(key) ?? [], refusalsOf.get(key) ?? []))
      .toSorted((a, b) => a.at - b.at),
    findings: findings.toSorted((a, b) => a.at - b.at),
  }
}

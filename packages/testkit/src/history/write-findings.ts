import type { HistoryEvent } from './history-event.ts'
import type { DataLoss, HistoryFinding } from './history-report.ts'

/** A guarded write. */
export type RecordedWrite = Extract<HistoryEvent, { type: 'written' }>

/**
 * Guarded writes that were applied after one under a greater fence. A resource that is lost with the locks counts its
 * places anew: writes from before and from after a loss are not compared, those that were answered meanwhile not at all.
 *
 * @param writes - Of one key.
 */
export function writeFindings(writes: readonly RecordedWrite[], losses: readonly DataLoss[]): HistoryFinding[] {
  const isSure = ({ at }: RecordedWrite): boolean => !losses.some(({ from, until }) => at >= from && at <= until)
  const lossesBefore = ({ at }: RecordedWrite): number => losses.filter(({ until }) => until < at).length
  return [...Map.groupBy(writes.filter(isSure), lossesBefore).values()].flatMap(findingsWithoutLoss)
}

function findingsWithoutLoss(writes: readonly RecordedWrite[]): HistoryFinding[] {
  const findings: HistoryFinding[] = []
  let greatest = 0n
  const applied = writes.flatMap((write) => (write.place === null ? [] : [{ ...write, place: write.place }]))
  for (const { key, fence, at } of applied.toSorted((a, b) => a.place - b.place)) {
    if (BigInt(fence) < greatest) {
      const message = `a write under fence ${fence} was applied after one under ${greatest}`
      findings.push({ kind: 'write-order', key, at, message })
    } else {
      greatest = BigInt(fence)
    }
  }
  return findings
}

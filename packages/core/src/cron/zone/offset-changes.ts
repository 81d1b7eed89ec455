import type { TimeZone } from './time-zone.ts'

/** An instant at which the wall clock of a zone is put forward or back. Unix seconds. */
export interface OffsetChange {
  readonly at: number
  /** How far the wall clock is ahead of UTC until then. */
  readonly before: number
  readonly after: number
}

/** The changes of offset in [from, to], in rising order; Unix seconds. Moves the zone's cursor. */
export function offsetChanges(zone: TimeZone, from: number, to: number): OffsetChange[] {
  const found: OffsetChange[] = []
  zone.seek(from)
  for (let at = from; at <= to; at = zone.until) {
    zone.seek(at)
    if (zone.from === at && zone.offset !== zone.offsetBefore) {
      found.push({ at, before: zone.offsetBefore, after: zone.offset })
    }
  }
  return found
}

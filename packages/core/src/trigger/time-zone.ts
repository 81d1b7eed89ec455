import { InvalidOptionError } from '@escapement/base'

const DAY_MS = 86_400_000

/** A time zone: how far its wall clock is ahead of UTC. */
export interface TimeZone {
  readonly name: string
  /**
   * The offset from UTC in milliseconds that holds from one day before to one day after the given day, or null when
   * the offset changes in between.
   *
   * @param day - Days since the Unix epoch, in UTC.
   */
  steadyOffsetMs(day: number): number | null
}

/** How many days of each zone are remembered. */
const MOST_DAYS = 4_096

const zones = new Map<string, TimeZone>()

/**
 * The zone of that name.
 *
 * @throws {@link InvalidOptionError} when this build of Node does not know it.
 */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = isUtc(name) ? { name: 'UTC', steadyOffsetMs: () => 0 } : zoneByIntl(name)
  zones.set(name, zone)
  return zone
}

function isUtc(name: string): boolean {
  return name === 'UTC' || name === 'Etc/UTC'
}

function zoneByIntl(name: string): TimeZone {
  const clock = wallClock(name)
  const offsets = new Map<number, number>()
  const offsetAt = (day: number): number => {
    const known = offsets.get(day)
    if (known !== undefined) return known
    if (offsets.size >= MOST_DAYS) offsets.clear()
    const offset = offsetMs(clock, day * DAY_MS)
    offsets.set(day, offset)
    return offset
  }
  return {
    name,
    steadyOffsetMs: (day) => {
      // No zone has changed its offset there and back within a week since 1970 (tz database 2025, rules up to 2040), so
      // that most days need no look of their own.
      const [weekBefore, weekAfter] = [Math.floor((day - 1) / 7) * 7, Math.ceil((day + 2) / 7) * 7]
      const before = offsetAt(weekBefore)
      if (before === offsetAt(weekBefore + 7) && before === offsetAt(weekAfter)) return before
      const dayBefore = offsetAt(day - 1)
      return dayBefore === offsetAt(day + 2) ? dayBefore : null
    },
  }
}

function wallClock(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    const shown = typeof name === 'string' ? `"${name.slice(0, 40)}"` : `a value of type ${typeof name}`
    throw new InvalidOptionError(`time zone ${shown} is unknown; use an IANA name such as "Europe/Berlin" or "UTC"`, {
      cause,
    })
  }
}

function offsetMs(clock: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of clock.formatToParts(instant)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - instant
}

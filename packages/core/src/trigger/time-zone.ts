import { InvalidOptionError } from '@escapement/base'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** A time zone: how far its wall clock is ahead of UTC. Days are counted from 1 January 1970 of the wall clock. */
export interface TimeZone {
  readonly name: string
  /** The day that an instant lies in; where the offset changes nearby it may be the day before. */
  dayOf(instant: number): number
  /** The offset from UTC, in milliseconds, that holds for all of a day; null when it changes within the day. */
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
  const zone = name === 'UTC' || name === 'Etc/UTC' ? utc : zoneByIntl(name)
  zones.set(name, zone)
  return zone
}

const utc: TimeZone = { name: 'UTC', dayOf: (instant) => Math.floor(instant / DAY_MS), steadyOffsetMs: () => 0 }

function zoneByIntl(name: string): TimeZone {
  const clock = wallClock(name)
  const offsetAt = remembered((day) => offsetMs(clock, day * DAY_MS))
  /** What is true of a day near which the offset changes. */
  const steadyNearChange = remembered((day): number | null => {
    const [before, after] = [offsetAt(day - 1), offsetAt(day + 2)]
    if (before === after) return before
    const begin = offsetMs(clock, day * DAY_MS - Math.max(before, after) - SECOND_MS)
    const end = offsetMs(clock, (day + 1) * DAY_MS - Math.min(before, after) - SECOND_MS)
    return begin === end ? begin : null
  })
  return {
    name,
    dayOf: (instant) => {
      const day = Math.floor(instant / DAY_MS)
      return Math.floor((instant + Math.min(offsetAt(day - 1), offsetAt(day + 2))) / DAY_MS)
    },
    steadyOffsetMs: (day) => {
      // No zone has changed its offset there and back within a week since 1970 (tz database 2025, rules up to 2040), so
      // that most days need no look of their own.
      const [weekBefore, weekAfter] = [Math.floor((day - 1) / 7) * 7, Math.ceil((day + 2) / 7) * 7]
      const before = offsetAt(weekBefore)
      if (before === offsetAt(weekBefore + 7) && before === offsetAt(weekAfter)) return before
      return steadyNearChange(day)
    },
  }
}

function remembered<T>(compute: (day: number) => T): (day: number) => T {
  const known = new Map<number, T>()
  return (day) => {
    const found = known.get(day)
    if (found !== undefined) return found
    if (known.size >= MOST_DAYS) known.clear()
    const value = compute(day)
    known.set(day, value)
    return value
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

/** @param instant - Whole seconds: wall clocks show no fractions. */
function offsetMs(clock: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of clock.formatToParts(instant)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - instant
}

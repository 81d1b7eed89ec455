import { nextMatchingDay, nextTimeOfDay } from './cron-calendar.ts'
import { cronParserTick } from './cron-parser-tick.ts'
import { type CronPattern, parseCronPattern } from './cron-pattern.ts'
import { timeZone } from './time-zone.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** More than any zone is ahead of UTC, and behind it. */
const MOST_AHEAD_MS = 15 * HOUR_MS
const MOST_BEHIND_MS = 13 * HOUR_MS

/** How many patterns are kept read. */
const MOST_PATTERNS = 4_096

const patterns = new Map<string, CronPattern>()

/**
 * The first instant after `after` that matches a cron pattern: the one seam behind which cron is computed.
 * Where the zone's offset is steady this is calendar arithmetic; days around a change are asked of cron-parser. The
 * answer depends on pattern, zone and `after` alone, never on earlier questions.
 *
 * @param after - Unix milliseconds.
 * @returns Unix milliseconds, or null when there is none.
 */
export function nextCronTick(text: string, timezone: string, after: number): number | null {
  const pattern = readPattern(text)
  const zone = timeZone(timezone)
  let day = nextMatchingDay(pattern, zone.dayOf(after))
  while (day !== null) {
    const midnight = day * DAY_MS
    const offset = zone.steadyOffsetMs(day)
    if (offset === null) {
      const start = Math.max(after, midnight - MOST_AHEAD_MS)
      const tick = cronParserTick(pattern, timezone, start, midnight + DAY_MS + MOST_BEHIND_MS)
      if (tick !== null) return tick
    } else {
      const time = nextTimeOfDay(pattern, Math.max(-1, Math.floor((after + offset - midnight) / 1_000)))
      if (time !== null) return midnight + time * 1_000 - offset
    }
    day = nextMatchingDay(pattern, day + 1)
  }
  return null
}

function readPattern(text: string): CronPattern {
  const known = patterns.get(text)
  if (known !== undefined) return known
  if (patterns.size >= MOST_PATTERNS) patterns.clear()
  const pattern = parseCronPattern(text)
  patterns.set(text, pattern)
  return pattern
}

import type { DstPolicy } from '../../../src/cron/dst-policy.ts'
import { dateOf } from './minute-calendar.ts'
import type { OraclePattern } from './random-pattern.ts'
import type { WallClock } from './wall-clock.ts'

const DAY_MS = 86_400_000

/** Years that are read: the answers of the engine follow Intl between them. */
const FIRST_YEAR = 1971
const LAST_YEAR = 2099

/** With more times than this a date on which the offset changes takes too long to look at. */
const MOST_TIMES = 1_500

/** What the oracle of dates says; `beyond`: nothing, within the years and dates that it looks at. */
export type DateAnswer = number | 'beyond'

/** The tick next to an instant by looking at dates one by one, and then at the wall times of the first that matches. */
export function tickByDates(
  clock: WallClock,
  pattern: OraclePattern,
  policy: DstPolicy,
  instant: number,
  direction: 1 | -1,
): DateAnswer {
  const today = Math.floor(clock.wallAt(instant) / DAY_MS)
  // A date begins before the one that the clock shows where it changed sides.
  for (let day = today - direction * 2; ; day += direction) {
    const date = dateOf(day)
    if (date.year < FIRST_YEAR || date.year > LAST_YEAR) return 'beyond'
    if (!pattern.matches(date)) continue
    let nearest: number | null = null
    for (const one of [day, day + direction]) {
      if (!pattern.matches(dateOf(one))) continue
      const ticks = ticksOf(clock, pattern, policy, one)
      if (ticks === null) return 'beyond'
      for (const tick of ticks) {
        if ((tick - instant) * direction <= 0) continue
        if (nearest === null || (tick - nearest) * direction < 0) nearest = tick
      }
    }
    if (nearest !== null) return nearest
  }
}

/** The ticks of a date; null when they are too many to look at. */
function ticksOf(clock: WallClock, pattern: OraclePattern, policy: DstPolicy, day: number): number[] | null {
  const midnight = day * DAY_MS
  const offsets = [-2, -1, 0, 1, 2, 3].map((days) => clock.offsetAt(midnight + days * DAY_MS))
  const times = timesOf(pattern)
  if (new Set(offsets).size === 1) return times.map((time) => midnight + time - (offsets[0] as number))
  if (times.length > MOST_TIMES) return null
  return times.flatMap((time) => ticksOfWall(clock, policy, midnight + time))
}

/** What one time of the wall clock becomes. */
function ticksOfWall(clock: WallClock, { gap, overlap }: DstPolicy, wall: number): number[] {
  const instants = clock.instantsOf(wall)
  if (instants.length > 1) return overlap === 'both' ? instants : [instants.at(overlap === 'first' ? 0 : -1) as number]
  if (instants.length === 1 || gap === 'skip') return instants
  const [low, high] = [wall - 2 * DAY_MS, wall + 2 * DAY_MS]
  const [change] = clock
    .changes(low, high, 3_600_000)
    .filter(({ at, before, after }) => at + before <= wall && wall < at + after)
  if (change === undefined)
    throw new Error(`${clock.name} neither shows nor leaves out ${new Date(wall).toISOString()}`)
  return [gap === 'end' ? change.at : wall - change.before]
}

/** The times of day in milliseconds, rising. */
function timesOf({ hours, minutes, seconds }: OraclePattern): number[] {
  const times: number[] = []
  for (const hour of hours) {
    for (const minute of minutes) for (const second of seconds) times.push(((hour * 60 + minute) * 60 + second) * 1_000)
  }
  return times.toSorted((a, b) => a - b)
}

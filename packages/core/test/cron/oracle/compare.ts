import { seededRandom } from '@escapement/testkit'
import { type DstPolicy, dstPolicy } from '../../../src/cron/dst-policy.ts'
import { parseCronPattern } from '../../../src/cron/pattern/parse-cron-pattern.ts'
import { readSchedule } from '../../../src/cron/read-schedule.ts'
import { tickByDates } from './date-oracle.ts'
import { dateOf, MinuteCalendar, MOST_DAYS } from './minute-calendar.ts'
import { type OraclePattern, randomPattern } from './random-pattern.ts'
import { WallClock } from './wall-clock.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** What a comparison of one zone found. */
export interface Comparison {
  /** Triples of pattern, zone and instant whose `next` and `previous` both agreed. */
  triples: number
  /** Answers that the calendar of minutes gave, and those that the oracle of dates gave. */
  byMinutes: number
  byDates: number
  /** Patterns that are refused because they never fire, and for which no date was found either. */
  hopeless: number
  /** Answers that no oracle gives: they lie before 1971, after 2099, or on a day with too many times. */
  beyond: number
  /** The most fields that one question looked at. */
  mostSteps: number
  /** What does not agree, in words. */
  readonly disagreements: string[]
}

/** How a zone is compared. */
export interface ComparisonOptions {
  readonly zone: string
  readonly seed: number
  readonly triples: number
  /** How many days the calendar reaches to each side of a change. */
  readonly days: number
}

const POLICIES: readonly Partial<DstPolicy>[] = [
  {},
  {},
  {},
  ...(['end', 'skip', 'shift'] as const).flatMap((gap) =>
    (['first', 'last', 'both'] as const).map((overlap) => ({ gap, overlap })),
  ),
]

/** Compares the engine with the oracles on random patterns and instants around one change of a zone. */
export function compareZone({ zone, seed, triples, days }: ComparisonOptions): Comparison {
  const random = seededRandom(seed)
  const clock = new WallClock(zone)
  const around = aChange(clock, random)
  const calendar = new MinuteCalendar(clock, around - days * DAY_MS, around + days * DAY_MS)
  const years = { first: dateOf(around / DAY_MS).year - 2, last: dateOf(around / DAY_MS).year + 2 }
  const found: Comparison = {
    triples: 0,
    byMinutes: 0,
    byDates: 0,
    hopeless: 0,
    beyond: 0,
    mostSteps: 0,
    disagreements: [],
  }
  while (found.triples < triples) {
    const pattern = randomPattern(random, years)
    if (isHopeless(pattern, found)) continue
    const dst = POLICIES[Math.floor(random() * POLICIES.length)] as Partial<DstPolicy>
    compare(pattern, dst, instantIn(calendar, random), { clock, calendar }, found)
    found.triples++
  }
  return found
}

/** A change of the zone, any of those since 1972 (whole minutes since then); for a zone without one some instant. */
function aChange(clock: WallClock, random: () => number): number {
  const [from, until] = [Date.UTC(1972, 5), Date.UTC(2090, 0)]
  const changes = clock.changes(from, until, 30 * DAY_MS)
  const any = from + Math.floor((random() * (until - from)) / MINUTE_MS) * MINUTE_MS
  return changes.length === 0 ? any : (changes[Math.floor(random() * changes.length)]?.at ?? any)
}

/** Mostly within two days of a change. */
function instantIn({ from, until, changes }: MinuteCalendar, random: () => number): number {
  const margin = (MOST_DAYS + 3) * DAY_MS
  const [first, last] = [from + margin, until - margin]
  const near = changes.filter(({ at }) => at >= first && at <= last)
  const change = near[Math.floor(random() * near.length)]
  const anywhere = first + random() * (last - first)
  const instant = change !== undefined && random() < 0.8 ? change.at + (random() - 0.5) * 4 * DAY_MS : anywhere
  const unit = [1, 1_000, MINUTE_MS, 15 * MINUTE_MS][Math.floor(random() * 4)] as number
  return Math.min(last, Math.max(first, Math.round(instant / unit) * unit))
}

function isHopeless(pattern: OraclePattern, found: Comparison): boolean {
  try {
    parseCronPattern(pattern.text)
    return false
  } catch (error) {
    for (let day = 0; day < 84_000; day++) {
      if (pattern.matches(dateOf(day))) {
        found.disagreements.push(`${pattern.text}: ${(error as Error).message}, but it does on day ${day}`)
        break
      }
    }
    found.hopeless++
    return true
  }
}

function compare(
  pattern: OraclePattern,
  dst: Partial<DstPolicy>,
  instant: number,
  { clock, calendar }: { readonly clock: WallClock; readonly calendar: MinuteCalendar },
  found: Comparison,
): void {
  const schedule = readSchedule({ pattern: pattern.text, timezone: clock.name, dst })
  const policy = dstPolicy(parseCronPattern(pattern.text), dst)
  if (parseCronPattern(pattern.text).isWildcard !== pattern.isWildcard) {
    found.disagreements.push(`${pattern.text}: whether it follows the clock`)
  }
  for (const [ask, back, direction] of [
    ['next', 'previous', 1],
    ['previous', 'next', -1],
  ] as const) {
    const before = schedule.steps
    const answer = schedule[ask](instant)
    found.mostSteps = Math.max(found.mostSteps, schedule.steps - before)
    const minute = calendar.tick(pattern, policy, instant, direction)
    const expected = minute ?? tickByDates(clock, pattern, policy, instant, direction)
    if (expected === 'beyond') found.beyond++
    else found[minute === null ? 'byDates' : 'byMinutes']++
    const question = `${ask} of "${pattern.text}" in ${clock.name} ${JSON.stringify(dst)} from ${shown(instant)}`
    if (expected !== 'beyond' && answer !== expected) {
      found.disagreements.push(`${question} is ${shown(answer)}, not ${shown(expected)}`)
    }
    if (answer === null) continue
    if (schedule[ask](answer - direction) !== answer || schedule[back](answer + direction) !== answer) {
      found.disagreements.push(`${question} is ${shown(answer)}, which is no tick from beside it`)
    }
    if (schedule[back](answer) !== schedule[back](instant + direction)) {
      found.disagreements.push(`${question} is ${shown(answer)}, but the way back skips or adds a tick`)
    }
  }
}

function shown(instant: number | null): string {
  return instant === null ? 'none' : new Date(instant).toISOString()
}

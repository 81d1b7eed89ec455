import type { DstPolicy } from '../../../src/cron/dst-policy.ts'
import type { OracleDate, OraclePattern } from './random-pattern.ts'
import type { WallChange, WallClock } from './wall-clock.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MINUTES_A_DAY = 1_440

/** Answers that lie further away are for the oracle of dates. */
export const MOST_DAYS = 40

/**
 * Two years of a zone, minute by minute: what the wall clock shows at each, and whether it shows that once. It finds ticks
 * by going through the minutes one by one.
 */
export class MinuteCalendar {
  readonly from: number
  readonly until: number
  readonly changes: readonly WallChange[]
  /** Per minute of real time from `from` on: the minute that the wall clock shows, counted since 1970. */
  readonly #wall: Int32Array
  /** Per minute: 0 shown once, 1 shown again later, 2 shown before. */
  readonly #pass: Uint8Array

  /** @param from - Unix milliseconds, a whole minute; as `until`. Offsets in between must be whole minutes. */
  constructor(clock: WallClock, from: number, until: number) {
    this.from = from
    this.until = until
    this.changes = clock.changes(from, until)
    const count = (until - from) / MINUTE_MS
    this.#wall = new Int32Array(count)
    this.#pass = new Uint8Array(count)
    let [next, offset] = [0, clock.offsetAt(from)]
    for (let minute = 0; minute < count; minute++) {
      const instant = from + minute * MINUTE_MS
      const change = this.changes[next]
      if (change !== undefined && instant >= change.at) {
        offset = change.after
        next++
      }
      this.#wall[minute] = (instant + offset) / MINUTE_MS
    }
    for (const { at, before, after } of this.changes) {
      const repeated = (before - after) / MINUTE_MS
      const minute = (at - from) / MINUTE_MS
      if (repeated > 0) {
        this.#pass.fill(1, Math.max(0, minute - repeated), minute)
        this.#pass.fill(2, minute, minute + repeated)
      }
    }
  }

  /**
   * The tick next to an instant, after it (`direction` 1) or before it (-1), by a policy in force.
   *
   * @returns Null when there is none within {@link MOST_DAYS}.
   */
  tick(pattern: OraclePattern, policy: DstPolicy, instant: number, direction: 1 | -1): number | null {
    const candidates = [
      this.#shown(pattern, policy, instant, direction),
      ...this.#leftOut(pattern, policy, instant, direction),
    ].filter((tick) => tick !== null)
    if (candidates.length === 0) return null
    return direction === 1 ? Math.min(...candidates) : Math.max(...candidates)
  }

  /** The nearest tick among the minutes that the clock shows. */
  #shown(pattern: OraclePattern, { overlap }: DstPolicy, instant: number, direction: 1 | -1): number | null {
    const first = Math.floor((instant - this.from) / MINUTE_MS)
    const seconds = direction === 1 ? pattern.seconds : pattern.seconds.toReversed()
    let [date, isDate] = [Number.NaN, false]
    for (let step = 0; step <= MOST_DAYS * MINUTES_A_DAY; step++) {
      const minute = first + step * direction
      const wall = this.#wall[minute]
      if (wall === undefined) throw new Error('the calendar ends within the days that it answers for')
      const day = Math.floor(wall / MINUTES_A_DAY)
      if (day !== date) [date, isDate] = [day, pattern.matches(dateOf(day))]
      if (!isDate || !isTime(pattern, wall)) continue
      const pass = this.#pass[minute]
      if ((pass === 1 && overlap === 'last') || (pass === 2 && overlap === 'first')) continue
      for (const second of seconds) {
        const tick = this.from + minute * MINUTE_MS + second * 1_000
        if ((tick - instant) * direction > 0) return tick
      }
    }
    return null
  }

  /** The ticks that the minutes that the clock leaves out become. */
  #leftOut(pattern: OraclePattern, { gap }: DstPolicy, instant: number, direction: 1 | -1): number[] {
    const ticks: number[] = []
    for (const { at, before, after } of this.changes) {
      if (Math.abs(at - instant) > (MOST_DAYS + 2) * DAY_MS) continue
      for (let wall = at + before; wall < at + after; wall += MINUTE_MS) {
        const minute = wall / MINUTE_MS
        if (!isTime(pattern, minute) || !pattern.matches(dateOf(Math.floor(minute / MINUTES_A_DAY)))) continue
        if (gap === 'end') ticks.push(at)
        if (gap === 'shift') ticks.push(...pattern.seconds.map((second) => wall + second * 1_000 - before))
      }
    }
    return ticks.filter((tick) => (tick - instant) * direction > 0)
  }
}

function isTime(pattern: OraclePattern, wallMinute: number): boolean {
  const minute = ((wallMinute % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY
  return pattern.minutes.has(minute % 60) && pattern.hours.has(Math.floor(minute / 60))
}

/** @param day - Days since 1 January 1970. */
export function dateOf(day: number): OracleDate {
  const date = new Date(day * DAY_MS)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return {
    year,
    month: month + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    lengthOfMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  }
}

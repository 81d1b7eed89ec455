import { InvalidOptionError } from '@escapement/base'
import { CalendarSearch } from './calendar/calendar-search.ts'
import type { DstPolicy } from './dst-policy.ts'
import type { CronPattern } from './pattern/cron-pattern.ts'
import type { TimeZone } from './zone/time-zone.ts'

/** The last second that a `Date` can hold, and the first. */
const LAST_S = 8_640_000_000_000

/** More than two offsets of a zone differ by, and more than it is ahead of UTC or behind it. */
const SLACK_S = 2 * 86_400

/**
 * The ticks of a pattern in a zone. They depend on pattern, zone and policy alone, never on earlier questions, and
 * `next` and `previous` walk the same ticks.
 *
 * Inside, times are whole seconds: instants since the Unix epoch, local times since the midnight at which 1970 began on
 * the wall clock. An instant and its local time differ by the offset of the piece of the zone that it lies in.
 */
export class CronSchedule {
  readonly #calendar: CalendarSearch
  readonly #zone: TimeZone
  readonly #policy: DstPolicy
  #steps = 0
  /** No local time from `#searched` up to `#match` matches but `#match` itself; going back, the other way round. */
  #searched: number = Number.NaN
  #match: number = Number.NaN

  constructor(pattern: CronPattern, zone: TimeZone, policy: DstPolicy) {
    this.#calendar = new CalendarSearch(pattern)
    this.#zone = zone
    this.#policy = policy
  }

  /** How many fields of the pattern and pieces of the zone were looked at since it was made: what a test bounds. */
  get steps(): number {
    return this.#steps + this.#calendar.steps
  }

  /**
   * The first tick after `instant`, in Unix milliseconds as it is; null when there is none.
   *
   * @throws {@link InvalidOptionError} when no `Date` can hold the instant, or it is no number.
   */
  next(instant: number): number | null {
    if (!(Math.abs(instant) <= LAST_S * 1_000)) throw noInstant(instant)
    const first = Math.floor(instant / 1_000) + 1
    const zone = this.#zone
    zone.seek(first)
    const tick = this.#calendar.from(first + zone.offset) - zone.offset
    if (first >= zone.steadyFrom && tick < zone.steadyUntil) return tick <= LAST_S ? tick * 1_000 : null
    const found = this.#nextAcrossChanges(first)
    return found <= LAST_S ? found * 1_000 : null
  }

  /** The last tick before `instant`; all as for {@link CronSchedule.next}. */
  previous(instant: number): number | null {
    if (!(Math.abs(instant) <= LAST_S * 1_000)) throw noInstant(instant)
    const last = Math.ceil(instant / 1_000) - 1
    const zone = this.#zone
    zone.seek(last)
    const tick = this.#calendar.until(last + zone.offset) - zone.offset
    if (last < zone.steadyUntil && tick >= zone.steadyFrom) return tick >= -LAST_S ? tick * 1_000 : null
    const found = this.#previousAcrossChanges(last)
    return found >= -LAST_S ? found * 1_000 : null
  }

  /** The first tick at or after an instant, piece by piece. */
  #nextAcrossChanges(first: number): number {
    const zone = this.#zone
    const { gap, overlap } = this.#policy
    let at = first
    zone.seek(at)
    this.#match = this.#searched = Number.NaN
    for (;;) {
      this.#steps++
      const { from, until, offset, offsetBefore, offsetAfter } = zone
      let tick = Number.POSITIVE_INFINITY
      if (offset > offsetBefore && gap !== 'skip') {
        const begin = from + offsetBefore
        if (gap === 'shift') {
          const moved = this.#matchFrom(Math.max(begin, at + offsetBefore))
          if (moved < from + offset) tick = moved - offsetBefore
        } else if (at <= from && this.#matchFrom(begin) < from + offset) {
          return from
        }
      }
      const begin = from + (overlap === 'first' ? Math.max(offset, offsetBefore) : offset)
      const end = until + (overlap === 'last' ? Math.min(offset, offsetAfter) : offset)
      const match = this.#matchFrom(Math.max(begin, at + offset))
      if (match < end) tick = Math.min(tick, match - offset)
      if (tick < Number.POSITIVE_INFINITY || until === Number.POSITIVE_INFINITY) return tick
      // An overlap shows local times once more. Later pieces have only later ones, none of which matches before the match.
      at = this.#searched + SLACK_S < until ? Math.max(this.#match - SLACK_S, until) : until
      if (at === Number.POSITIVE_INFINITY) return at
      zone.seek(at)
    }
  }

  /** The last tick at or before an instant, piece by piece. */
  #previousAcrossChanges(last: number): number {
    const zone = this.#zone
    const { gap, overlap } = this.#policy
    let at = last
    zone.seek(at)
    this.#match = this.#searched = Number.NaN
    for (;;) {
      this.#steps++
      const { from, until, offset, offsetBefore, offsetAfter } = zone
      const begin = from + (overlap === 'first' ? Math.max(offset, offsetBefore) : offset)
      const end = until + (overlap === 'last' ? Math.min(offset, offsetAfter) : offset)
      const match = this.#matchUntil(Math.min(end - 1, at + offset))
      let tick = match >= begin ? match - offset : Number.NEGATIVE_INFINITY
      if (offset > offsetBefore && gap !== 'skip') {
        const gapEnd = from + offset
        const moved = this.#matchUntil(gap === 'shift' ? Math.min(gapEnd - 1, at + offsetBefore) : gapEnd - 1)
        if (moved >= from + offsetBefore) tick = Math.max(tick, gap === 'shift' ? moved - offsetBefore : from)
      }
      if (tick > Number.NEGATIVE_INFINITY || from === Number.NEGATIVE_INFINITY) return tick
      at = this.#searched - SLACK_S > from ? Math.min(this.#match + SLACK_S, from - 1) : from - 1
      if (at === Number.NEGATIVE_INFINITY) return at
      zone.seek(at)
    }
  }

  /** The first matching local time at or after `time`, found once for all times before it. */
  #matchFrom(time: number): number {
    if (!(time >= this.#searched && time <= this.#match)) {
      this.#searched = time
      this.#match = this.#calendar.from(time)
    }
    return this.#match
  }

  #matchUntil(time: number): number {
    if (!(time <= this.#searched && time >= this.#match)) {
      this.#searched = time
      this.#match = this.#calendar.until(time)
    }
    return this.#match
  }
}

function noInstant(instant: number): InvalidOptionError {
  return new InvalidOptionError(`instant is ${String(instant)}; it is Unix milliseconds that a Date can hold`)
}

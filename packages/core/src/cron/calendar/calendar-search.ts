import { highestBit, highestOf, lowestBit, lowestOf, WORD_BITS } from '../pattern/bit-mask.ts'
import { type CronPattern, FIRST_YEAR } from '../pattern/cron-pattern.ts'
import { firstDayOf, monthOfDay, monthShape } from './month.ts'

const DAY_S = 86_400
const HOUR_S = 3_600

/**
 * Finds the times that a pattern matches in a calendar without time zones. Times are whole seconds since the midnight
 * that begins 1 January 1970 there.
 */
export class CalendarSearch {
  readonly #pattern: CronPattern
  readonly #firstTime: number
  readonly #lastTime: number
  /** The month that was read last, which most questions are about: its first day, that of the next one, and its days. */
  #monthBegin = 0
  #monthEnd = 0
  #monthDays = 0
  #steps = 0

  constructor(pattern: CronPattern) {
    this.#pattern = pattern
    this.#firstTime = this.#timeFrom(0)
    this.#lastTime = this.#timeUntil(DAY_S - 1)
  }

  /** How many fields were looked at since it was made: what a test bounds. */
  get steps(): number {
    return this.#steps
  }

  /** The first match at or after `time`; infinity when there is none. */
  from(time: number): number {
    const day = Math.floor(time / DAY_S) | 0
    const matching = this.#dayFrom(day)
    if (matching === day) {
      const timeOfDay = this.#timeFrom((time - day * DAY_S) | 0)
      return timeOfDay >= 0 ? day * DAY_S + timeOfDay : this.#dayFrom(day + 1) * DAY_S + this.#firstTime
    }
    return matching * DAY_S + this.#firstTime
  }

  /** The last match at or before `time`; minus infinity when there is none. */
  until(time: number): number {
    const day = Math.floor(time / DAY_S) | 0
    const matching = this.#dayUntil(day)
    if (matching === day) {
      const timeOfDay = this.#timeUntil((time - day * DAY_S) | 0)
      return timeOfDay >= 0 ? day * DAY_S + timeOfDay : this.#dayUntil(day - 1) * DAY_S + this.#lastTime
    }
    return matching * DAY_S + this.#lastTime
  }

  #dayFrom(day: number): number {
    if (day >= this.#monthBegin && day < this.#monthEnd) {
      const found = lowestBit(this.#monthDays, day - this.#monthBegin)
      if (found >= 0) return this.#monthBegin + found
      day = this.#monthEnd
    }
    let month = monthOfDay(day)
    for (;;) {
      const allowed = this.#monthFrom(month)
      if (allowed === Number.POSITIVE_INFINITY) return allowed
      this.#read(allowed)
      const found = lowestBit(this.#monthDays, allowed === month ? Math.max(0, day - this.#monthBegin) : 0)
      if (found >= 0) return this.#monthBegin + found
      month = allowed + 1
    }
  }

  #dayUntil(day: number): number {
    if (day >= this.#monthBegin && day < this.#monthEnd) {
      const found = highestBit(this.#monthDays, day - this.#monthBegin)
      if (found >= 0) return this.#monthBegin + found
      day = this.#monthBegin - 1
    }
    let month = monthOfDay(day)
    for (;;) {
      const allowed = this.#monthUntil(month)
      if (allowed === Number.NEGATIVE_INFINITY) return allowed
      this.#read(allowed)
      const found = highestBit(this.#monthDays, allowed === month ? Math.min(30, day - this.#monthBegin) : 30)
      if (found >= 0) return this.#monthBegin + found
      month = allowed - 1
    }
  }

  #read(month: number): void {
    this.#steps++
    this.#monthBegin = firstDayOf(month)
    this.#monthEnd = firstDayOf(month + 1)
    const shape = monthShape(this.#monthBegin, this.#monthEnd - this.#monthBegin)
    this.#monthDays = this.#pattern.days[shape] as number
  }

  #monthFrom(month: number): number {
    const { months, years } = this.#pattern
    let year = Math.floor(month / 12)
    let from = month - year * 12
    for (;;) {
      this.#steps++
      if (years !== null) {
        const allowed = lowestOf(years, year - FIRST_YEAR)
        if (allowed < 0) return Number.POSITIVE_INFINITY
        if (allowed + FIRST_YEAR !== year) {
          year = allowed + FIRST_YEAR
          from = 0
        }
      }
      const found = lowestBit(months, from)
      if (found >= 0) return year * 12 + found
      year++
      from = 0
    }
  }

  #monthUntil(month: number): number {
    const { months, years } = this.#pattern
    let year = Math.floor(month / 12)
    let until = month - year * 12
    for (;;) {
      this.#steps++
      if (years !== null) {
        const allowed = highestOf(years, year - FIRST_YEAR)
        if (allowed < 0) return Number.NEGATIVE_INFINITY
        if (allowed + FIRST_YEAR !== year) {
          year = allowed + FIRST_YEAR
          until = 11
        }
      }
      const found = highestBit(months, until)
      if (found >= 0) return year * 12 + found
      year--
      until = 11
    }
  }

  /** The first time of day at or after `time`, in seconds since midnight; -1 when the day has none left. */
  #timeFrom(time: number): number {
    const { hours, minutesLow, minutesHigh, secondsLow, secondsHigh } = this.#pattern
    const hour = (time / HOUR_S) | 0
    const minute = ((time - hour * HOUR_S) / 60) | 0
    if (((hours >> hour) & 1) !== 0) {
      const second = time - hour * HOUR_S - minute * 60
      const isMinute = ((minute < WORD_BITS ? minutesLow >> minute : minutesHigh >> (minute - WORD_BITS)) & 1) !== 0
      const inMinute = isMinute ? lowestOfSixty(secondsLow, secondsHigh, second) : -1
      if (inMinute >= 0) return hour * HOUR_S + minute * 60 + inMinute
      const later = lowestOfSixty(minutesLow, minutesHigh, minute + 1)
      if (later >= 0) return hour * HOUR_S + later * 60 + lowestOfSixty(secondsLow, secondsHigh, 0)
    }
    const later = lowestBit(hours, hour + 1)
    if (later < 0) return -1
    return later * HOUR_S + lowestOfSixty(minutesLow, minutesHigh, 0) * 60 + lowestOfSixty(secondsLow, secondsHigh, 0)
  }

  /** The last time of day at or before `time`, in seconds since midnight; -1 when the day has none before it. */
  #timeUntil(time: number): number {
    const { hours, minutesLow, minutesHigh, secondsLow, secondsHigh } = this.#pattern
    const hour = (time / HOUR_S) | 0
    const minute = ((time - hour * HOUR_S) / 60) | 0
    if (((hours >> hour) & 1) !== 0) {
      const second = time - hour * HOUR_S - minute * 60
      const isMinute = ((minute < WORD_BITS ? minutesLow >> minute : minutesHigh >> (minute - WORD_BITS)) & 1) !== 0
      const inMinute = isMinute ? highestOfSixty(secondsLow, secondsHigh, second) : -1
      if (inMinute >= 0) return hour * HOUR_S + minute * 60 + inMinute
      const earlier = highestOfSixty(minutesLow, minutesHigh, minute - 1)
      if (earlier >= 0) return hour * HOUR_S + earlier * 60 + highestOfSixty(secondsLow, secondsHigh, 59)
    }
    const earlier = highestBit(hours, hour - 1)
    if (earlier < 0) return -1
    return (
      earlier * HOUR_S + highestOfSixty(minutesLow, minutesHigh, 59) * 60 + highestOfSixty(secondsLow, secondsHigh, 59)
    )
  }
}

function lowestOfSixty(low: number, high: number, from: number): number {
  if (from < WORD_BITS) {
    const found = lowestBit(low, from)
    if (found >= 0) return found
  }
  const found = lowestBit(high, from < WORD_BITS ? 0 : from - WORD_BITS)
  return found < 0 ? -1 : found + WORD_BITS
}

function highestOfSixty(low: number, high: number, until: number): number {
  if (until >= WORD_BITS) {
    const found = highestBit(high, until - WORD_BITS)
    if (found >= 0) return found + WORD_BITS
  }
  return highestBit(low, until < WORD_BITS ? until : WORD_BITS - 1)
}

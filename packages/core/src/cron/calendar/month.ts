/** The Gregorian calendar repeats after this many years and days. */
const CYCLE_YEARS = 400
const CYCLE_DAYS = 146_097

/** Days are counted from a 1 March so far back that no date of JavaScript lies before it: integers then divide alike. */
const CYCLES_BEFORE = 680
const DAYS_BEFORE = CYCLES_BEFORE * CYCLE_DAYS + 719_468

/** Months are counted from January of year 0: `year * 12 + month - 1`. */
const MONTHS_BEFORE = CYCLES_BEFORE * CYCLE_YEARS * 12

/** 1 January 1970 was a Thursday, and a Sunday is weekday 0. */
const WEEKDAY_OF_DAY_0 = 4

/**
 * The month that a day lies in, by the proleptic Gregorian calendar; in whole numbers, after "chrono-compatible low-level
 * date algorithms" by Howard Hinnant.
 *
 * @param day - Days since 1 January 1970.
 * @returns `year * 12 + month - 1`.
 */
export function monthOfDay(day: number): number {
  const shifted = day + DAYS_BEFORE
  const cycle = (shifted / CYCLE_DAYS) | 0
  const dayOfCycle = shifted - cycle * CYCLE_DAYS
  const yearOfCycle =
    ((dayOfCycle - ((dayOfCycle / 1_460) | 0) + ((dayOfCycle / 36_524) | 0) - ((dayOfCycle / (CYCLE_DAYS - 1)) | 0)) /
      365) |
    0
  const dayOfYear = dayOfCycle - (365 * yearOfCycle + (yearOfCycle >> 2) - ((yearOfCycle / 100) | 0))
  // Years begin in March here, so that a leap day is their last: its month is 2 months after that of the calendar.
  const monthOfYear = ((5 * dayOfYear + 2) / 153) | 0
  return (cycle * CYCLE_YEARS + yearOfCycle) * 12 + monthOfYear + 2 - MONTHS_BEFORE
}

/** The first day of a month, in days since 1 January 1970; `month` as {@link monthOfDay} gives it. */
export function firstDayOf(month: number): number {
  const shifted = month + MONTHS_BEFORE - 2
  const year = (shifted / 12) | 0
  const cycle = (year / CYCLE_YEARS) | 0
  const yearOfCycle = year - cycle * CYCLE_YEARS
  const dayOfYear = ((153 * (shifted - year * 12) + 2) / 5) | 0
  const dayOfCycle = 365 * yearOfCycle + (yearOfCycle >> 2) - ((yearOfCycle / 100) | 0) + dayOfYear
  return cycle * CYCLE_DAYS + dayOfCycle - DAYS_BEFORE
}

/** All months look like one of these: four lengths (28 to 31), each beginning on one of seven weekdays. */
export const MONTH_SHAPES = 28

/** Which of the {@link MONTH_SHAPES} a month has, from its first day and its length. */
export function monthShape(firstDay: number, length: number): number {
  return (length - 28) * 7 + weekdayOf(firstDay)
}

/** The weekday of a day: 0 is Sunday. */
function weekdayOf(day: number): number {
  return (day + DAYS_BEFORE + WEEKDAY_OF_DAY_0 + 7 - (DAYS_BEFORE % 7)) % 7
}

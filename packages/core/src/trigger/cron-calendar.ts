import type { CronPattern } from './cron-pattern.ts'

const DAY_MS = 86_400_000

/** Searching this many days without a match means that there is none: leap-day weekdays return within 40 years. */
const MOST_STEPS = 20_000

/**
 * The first day, at or after `day`, whose date matches the pattern.
 *
 * @param day - Days since 1 January 1970 of the local calendar.
 * @returns Null when the search ends beyond the last date that JavaScript knows.
 */
export function nextMatchingDay(pattern: CronPattern, day: number): number | null {
  let current = day
  for (let step = 0; step < MOST_STEPS; step++) {
    const date = new Date(current * DAY_MS)
    const month = date.getUTCMonth() + 1
    if (Number.isNaN(month)) return null
    if (!pattern.months.includes(month)) {
      current = Date.UTC(date.getUTCFullYear(), month, 1) / DAY_MS
    } else if (isMatchingDay(pattern, date)) {
      return current
    } else {
      current++
    }
  }
  return null
}

/** Restricted day of the month and weekday are alternatives; an unrestricted one says nothing (crontab(5)). */
function isMatchingDay({ days, weekdays }: CronPattern, date: Date): boolean {
  if (days.isAny && weekdays.isAny) return true
  const day = date.getUTCDate()
  const month = date.getUTCMonth()
  const lengthOfMonth = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const isDay = days.values.includes(day) || (days.isLast && day === lengthOfMonth)
  if (weekdays.isAny) return isDay
  const weekday = date.getUTCDay()
  const isWeekday =
    (weekdays.values.includes(weekday) && (weekdays.nth === null || Math.ceil(day / 7) === weekdays.nth)) ||
    (weekdays.lastOfMonth.includes(weekday) && day > lengthOfMonth - 7)
  return days.isAny ? isWeekday : isDay || isWeekday
}

/**
 * The first time of day after `second`, in seconds since midnight; null when the day has none left.
 *
 * @param second - Seconds since midnight; -1 asks for the first of the day.
 */
export function nextTimeOfDay(pattern: CronPattern, second: number): number | null {
  const from = second + 1
  const [hour, minute] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60]
  const { hours, minutes, seconds } = pattern
  if (hours.includes(hour)) {
    const inMinute = minutes.includes(minute) ? seconds.find((one) => one >= from % 60) : undefined
    if (inMinute !== undefined) return hour * 3_600 + minute * 60 + inMinute
    const later = minutes.find((one) => one > minute)
    if (later !== undefined) return hour * 3_600 + later * 60 + (seconds[0] as number)
  }
  const laterHour = hours.find((one) => one > hour)
  if (laterHour === undefined) return null
  return laterHour * 3_600 + (minutes[0] as number) * 60 + (seconds[0] as number)
}

import { MONTH_SHAPES } from '../calendar/month.ts'
import type { FieldItem } from './cron-field.ts'
import type { CronSyntax } from './cron-syntax.ts'
import { DAY, WEEKDAY } from './field-rules.ts'
import { itemValues } from './field-values.ts'

const SATURDAY = 6
const SUNDAY = 0

/** A month as day fields see it: its length, and the weekday of its first day. */
interface Shape {
  readonly length: number
  readonly firstWeekday: number
}

/**
 * The days that both day fields of a pattern leave of each of the 28 shapes of a month (`monthShape`); bit 0 is the first.
 * Whoever searches then knows nothing of `L`, `W` and `#`.
 *
 * Two restricted fields are alternatives, unless the weekday begins with `+`; beside one that begins with `*` the other
 * decides (crontab(5); Open Cron Pattern Specification 1.4).
 */
export function monthDays(syntax: CronSyntax): number[] {
  const { day, weekday, isBothDays, shown } = syntax
  const isEither = !day.isStar && !weekday.isStar && !isBothDays
  // Plain values are the same in all shapes: they are read once.
  const days = maskOfDays(day.items.flatMap((item) => itemValues(item, DAY, shown)))
  const weekdays = new Set(weekday.items.flatMap((item) => itemValues(item, WEEKDAY, shown)))
  return Array.from({ length: MONTH_SHAPES }, (_, index) => {
    const shape: Shape = { length: 28 + Math.floor(index / 7), firstWeekday: index % 7 }
    const byDay = days | maskOfDays(day.items.map((item) => specialDay(item, shape)))
    let byWeekday = maskOfDays(weekday.items.map((item) => specialWeekday(item, shape)))
    for (let date = 1; date <= shape.length; date++) {
      if (weekdays.has(weekdayOf(date, shape))) byWeekday |= 1 << (date - 1)
    }
    const all = 2 ** shape.length - 1
    return all & (isEither ? byDay | byWeekday : byDay & byWeekday)
  })
}

function specialDay(item: FieldItem, { length, firstWeekday }: Shape): number {
  if (item.kind === 'last-day') {
    const day = length - item.before
    return item.isNearestWeekday ? nearestWeekday(day, { length, firstWeekday }) : day
  }
  return item.kind === 'nearest-weekday' ? nearestWeekday(item.day, { length, firstWeekday }) : 0
}

/** The weekday nearest to a day, without leaving the month; 0 when the month has no such day. */
function nearestWeekday(day: number, shape: Shape): number {
  if (day < 1 || day > shape.length) return 0
  const weekday = weekdayOf(day, shape)
  if (weekday === SATURDAY) return day === 1 ? 3 : day - 1
  if (weekday === SUNDAY) return day === shape.length ? day - 2 : day + 1
  return day
}

function specialWeekday(item: FieldItem, shape: Shape): number {
  if (item.kind !== 'nth-weekday' && item.kind !== 'last-weekday') return 0
  const first = 1 + ((item.weekday - shape.firstWeekday + 7) % 7)
  if (item.kind === 'nth-weekday') return first + 7 * (item.nth - 1)
  return first + 7 * Math.floor((shape.length - first) / 7)
}

function weekdayOf(day: number, { firstWeekday }: Shape): number {
  return (firstWeekday + day - 1) % 7
}

/** Days that no month has, such as 0 and 33, are left out. */
function maskOfDays(days: readonly number[]): number {
  let mask = 0
  for (const day of days) if (day >= 1 && day <= 31) mask |= 1 << (day - 1)
  return mask
}

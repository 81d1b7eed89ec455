import { type FieldOutline, fieldOutline, isValue, type Part } from '../describe/field-outline.ts'
import type { CronField } from '../../cron/pattern/cron-field.ts'
import type { CronSyntax } from '../../cron/pattern/cron-syntax.ts'
import { DAY, type FieldRules, HOUR, MINUTE, MONTH, SECOND, WEEKDAY } from '../../cron/pattern/field-rules.ts'
import type { CronWarning } from './cron-warning.ts'

/** The longest that each month can be; index 0 is January. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

/** What the fields say that may not be meant. */
export function fieldWarnings(syntax: CronSyntax, pattern: string): CronWarning[] {
  return [...missingDays(syntax), ...crowded(syntax, pattern), ...eitherDay(syntax), ...unevenSteps(syntax)]
}

/** Dates that come in some of the months only; a date beside others of the month is no trap. */
function missingDays({ day, month }: CronSyntax): CronWarning[] {
  const days = fieldOutline(day, DAY)
  if (days === null || !days.every(isValue)) return []
  const first = Math.min(...days.map(({ value }) => value))
  const months = monthsOf(fieldOutline(month, MONTH))
  const lacking = months.filter((one) => (LONGEST[one - 1] as number) < first)
  if (lacking.length > 0) {
    return [
      {
        code: 'day-missing',
        message: `${lacking.map((one) => MONTHS[one - 1]).join(', ')} has no day ${first}: nothing fires then`,
        wayOut: 'write L for the last day of the month, or a day up to 28',
      },
    ]
  }
  if (first !== 29 || !months.includes(2)) return []
  return [
    {
      code: 'day-missing',
      message: 'February has a day 29 in leap years only: nothing fires in the others',
      wayOut: 'write L for the last day of the month, or a day up to 28',
    },
  ]
}

function monthsOf(months: FieldOutline): number[] {
  return Array.from({ length: 12 }, (_, index) => index + 1).filter(
    (month) => months === null || months.some((part) => hasMonth(part, month)),
  )
}

function hasMonth(part: Part, month: number): boolean {
  if (part.kind === 'value') return part.value === month
  if (part.kind !== 'range') return false
  return part.first <= part.last ? month >= part.first && month <= part.last : month >= part.first || month <= part.last
}

/** Once a day at midnight, or at each full hour, is when everything else runs too. */
function crowded({ second, minute, hour }: CronSyntax, pattern: string): CronWarning[] {
  const isAtZero = (field: CronField, rules: FieldRules): boolean =>
    fieldOutline(field, rules)?.every((part) => isValue(part) && part.value === 0) ?? false
  if (!isAtZero(second, SECOND) || !isAtZero(minute, MINUTE)) return []
  const hours = fieldOutline(hour, HOUR)
  const isMidnight = isAtZero(hour, HOUR)
  const isHourly = hours === null || hours.some(({ kind }) => kind === 'step' || kind === 'range')
  if (!isMidnight && !isHourly) return []
  const fields = pattern.trim().startsWith('@') ? null : pattern.trim().split(/\s+/)
  const minuteAt = fields?.length === 5 ? 0 : 1
  const spread = fields?.with(minuteAt, 'H').join(' ') ?? (isMidnight ? 'H 0 * * *' : 'H * * * *')
  return [
    {
      code: 'crowded',
      message: `it fires ${isMidnight ? 'at midnight' : 'on the full hour'}, as most others do`,
      wayOut: `write "${spread}" if any minute will do: each job then has its own`,
    },
  ]
}

function eitherDay({ day, weekday, isBothDays }: CronSyntax): CronWarning[] {
  if (day.isStar || weekday.isStar || isBothDays) return []
  return [
    {
      code: 'either-day',
      message: `it fires on days that fit day of the month ${day.text} or weekday ${weekday.text}: one is enough`,
      wayOut: `write "+${weekday.text}" for the weekday if both must fit, or * for one of them`,
    },
  ]
}

function unevenSteps(syntax: CronSyntax): CronWarning[] {
  const fields = [
    [syntax.second, SECOND, 'minute'],
    [syntax.minute, MINUTE, 'hour'],
    [syntax.hour, HOUR, 'day'],
    [syntax.day, DAY, 'month'],
    [syntax.month, MONTH, 'year'],
    [syntax.weekday, WEEKDAY, 'week'],
  ] as const
  return fields.flatMap(([{ items }, rules, whole]) => {
    const uneven = items.find(
      (item) =>
        item.kind === 'range' &&
        item.step > 1 &&
        item.first === rules.min &&
        item.last - item.first + 1 === rules.cycle &&
        (rules === DAY || rules.cycle % item.step !== 0),
    )
    if (uneven?.kind !== 'range') return []
    const { step } = uneven
    return [
      {
        code: 'uneven-step' as const,
        message: `steps of ${step} ${rules.plural} begin anew each ${whole}: the last one is shorter or longer than ${step}`,
        wayOut: wayOutOf(step, rules),
      },
    ]
  })
}

function wayOutOf(step: number, rules: FieldRules): string {
  const unit = { second: 's', minute: 'm', hour: 'h', 'day of the month': 'd' }[rules.name]
  if (rules === DAY) return `write @every ${step}d for an interval that goes on, or name the days`
  const divisors = [2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30].filter((one) => (rules.cycle as number) % one === 0)
  const even = divisors.length === 0 ? 'name the values' : `use a step that divides it: ${divisors.join(', ')}`
  return unit === undefined ? even : `${even}, or write @every ${step}${unit} for an interval that goes on`
}

import { type FieldOutline, isValue, type Part } from './field-outline.ts'
import type { DayOutline, PatternOutline } from './outline.ts'
import { isOnTheMinute, type Stretch, type TimeOutline } from './time-outline.ts'

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const NTH = ['first', 'second', 'third', 'fourth', 'fifth']
const DRAWN = "drawn from the job's name"

type Unit = 'second' | 'minute' | 'hour' | 'year'

/** The pattern as an English sentence without a full stop. */
export function inEnglish({ time, day, months, years }: PatternOutline): string {
  const year = years === null ? '' : `, in ${named(years, 'year')}`
  return `${timeText(time)}${dayText(day, months, time.kind === 'times')}${year}`
}

/** An interval as an English sentence; `unit`: in the singular. */
export function intervalInEnglish(count: number, unit: string): string {
  return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`
}

function timeText(time: TimeOutline): string {
  if (time.kind === 'times') return `at ${list(time.times)}`
  if (time.kind === 'hourly') {
    return list(time.stretches.map((one) => (one.first === one.last ? `at ${one.first}` : `every hour ${fromTo(one)}`)))
  }
  const { second, minute, hour, stretches } = time
  const isSecond = !isOnTheMinute(second)
  const finest = isSecond ? often(second, 'second') : often(minute, 'minute')
  const isOften = finest.startsWith('every')
  const parts = [finest]
  if (isSecond && (minute !== null || !isOften)) parts.push(`of ${named(minute, 'minute')}`)
  const isEachMinute = isSecond ? minute === null : isOften
  if (hour === null) {
    if (!isSecond && minute?.length === 1 && isZero(minute[0] as Part)) return 'every hour'
    if (!isEachMinute) parts.push('past every hour')
  } else if (stretches === null) {
    parts.push(`${isEachMinute ? 'of' : 'past'} ${named(hour, 'hour')}`)
  } else {
    if (!isEachMinute && stretches.some(({ first, last }) => first.slice(0, 2) !== last.slice(0, 2))) {
      parts.push('past every hour')
    }
    parts.push(list(stretches.map(fromTo)))
  }
  return parts.join(' ')
}

function isZero(part: Part): boolean {
  return isValue(part) && part.value === 0
}

function fromTo({ first, last }: Stretch): string {
  return `from ${first} to ${last}`
}

/** How often: `every 5 minutes`, or at which: `at minutes 0 and 30`. */
function often(field: FieldOutline, unit: Unit): string {
  if (field === null) return `every ${unit}`
  const [only] = field
  return field.length === 1 && only?.kind === 'step' && only.isEven
    ? `every ${only.step} ${unit}s`
    : `at ${named(field, unit)}`
}

/** Which: `every minute`, `minute 5`, `minutes 0 to 10 and 30`, `every 2nd minute`. */
function named(field: FieldOutline, unit: Unit): string {
  if (field === null) return `every ${unit}`
  const [only] = field
  if (field.length === 1 && only?.kind === 'step') return `every ${ordinal(only.step)} ${unit}${stepSpan(only)}`
  if (field.length === 1 && only?.kind === 'hash') return drawn(only, unit)
  const texts = field.map((part) => {
    if (part.kind === 'value') return String(part.value)
    if (part.kind === 'range') return `${part.first} to ${part.last}`
    if (part.kind === 'step') return `every ${ordinal(part.step)} from ${part.first} to ${part.last}`
    return part.kind === 'hash' ? drawn(part, 'one') : ''
  })
  const name = unit === 'year' ? '' : field.length > 1 || only?.kind === 'range' ? `${unit}s ` : `${unit} `
  return `${name}${list(texts)}`
}

function stepSpan({ first, last, isEven }: Part & { kind: 'step' }): string {
  return isEven ? '' : ` from ${first} to ${last}`
}

function drawn({ first, last, step, isWhole }: Part & { kind: 'hash' }, unit: string): string {
  const span = isWhole ? '' : ` from ${first} to ${last}`
  if (step !== null) return `every ${ordinal(step)} ${unit}${span} (the first ${DRAWN})`
  return `${unit === 'one' ? '' : unit === 'hour' ? 'an ' : 'a '}${unit}${span} ${DRAWN}`
}

function dayText(day: DayOutline, months: FieldOutline, isTimes: boolean): string {
  const suffix = inMonths(months)
  const only = suffix === '' ? '' : `, only${suffix}`
  switch (day.kind) {
    case 'every':
      return `${isTimes ? ' every day' : ''}${suffix}`
    case 'days':
      return ` on ${list(day.parts.map(dayPart))} ${ofMonths(months)}`
    case 'weekdays':
      return isOfMonth(day.parts)
        ? ` on ${list(day.parts.map(weekdayPart))} ${ofMonths(months)}`
        : ` ${onWeekdays(day.parts)}${suffix}`
    case 'either':
      return ` on ${list(day.days.map(dayPart))} of the month and also ${onWeekdays(day.weekdays)}${only}`
    case 'both':
      return ` on ${list(day.days.map(dayPart))} of the month if that is ${ifWeekday(day.weekdays)}${only}`
  }
}

function dayPart(part: Part): string {
  switch (part.kind) {
    case 'value':
      return `the ${ordinal(part.value)}`
    case 'range':
      return `the ${ordinal(part.first)} through the ${ordinal(part.last)}`
    case 'step':
      return `every ${ordinal(part.step)} day${part.isWhole ? '' : ` from the ${ordinal(part.first)} to the ${ordinal(part.last)}`}`
    case 'hash':
      return part.step === null
        ? `a day${part.isWhole ? '' : ` from ${part.first} to ${part.last}`}, ${DRAWN},`
        : drawn(part, 'day')
    case 'nearest-weekday':
      return `the weekday nearest to the ${ordinal(part.day)}`
    case 'last-day': {
      if (part.before === 0) return part.isNearestWeekday ? 'the last weekday' : 'the last day'
      const day = `the ${ordinal(part.before)} day before the last day`
      return part.isNearestWeekday ? `the weekday nearest to ${day}` : day
    }
    case 'nth-weekday':
    case 'last-weekday':
      return weekdayPart(part)
  }
}

function weekdayPart(part: Part): string {
  if (part.kind === 'value') return `${WEEKDAYS[part.value]}s`
  if (part.kind === 'nth-weekday') return `the ${NTH[part.nth - 1]} ${WEEKDAYS[part.weekday]}`
  if (part.kind === 'last-weekday') return `the last ${WEEKDAYS[part.weekday]}`
  return part.kind === 'hash' ? weekdayDrawn(part) : ''
}

function weekdayDrawn({ first, last, step, isWhole }: Part & { kind: 'hash' }): string {
  const span = isWhole ? '' : ` from ${WEEKDAYS[first % 7]} to ${WEEKDAYS[last % 7]}`
  const which = step === null ? 'a day of the week' : `every ${ordinal(step)} day of the week`
  return `${which}${span} ${step === null ? DRAWN : `(the first ${DRAWN})`}`
}

function isOfMonth(parts: readonly Part[]): boolean {
  return parts.every(({ kind }) => kind === 'nth-weekday' || kind === 'last-weekday')
}

function onWeekdays(parts: readonly Part[]): string {
  const [only] = parts
  const days = weekdaySet(parts)
  if (days === '1,2,3,4,5') return 'on weekdays'
  if (days === '0,6') return 'on weekends'
  if (only?.kind === 'range') return `from ${WEEKDAYS[only.first]} to ${WEEKDAYS[only.last]}`
  const isLast = parts.some(({ kind }) => kind === 'nth-weekday' || kind === 'last-weekday')
  return `on ${list(parts.map(weekdayPart))}${isLast ? ' of the month' : ''}`
}

function ifWeekday(parts: readonly Part[]): string {
  const [only] = parts
  if (weekdaySet(parts) === '1,2,3,4,5') return 'a weekday'
  if (only?.kind === 'range') return `a day from ${WEEKDAYS[only.first]} to ${WEEKDAYS[only.last]}`
  const texts = parts.map((part) => (isValue(part) ? `a ${WEEKDAYS[part.value]}` : weekdayPart(part)))
  return `${list(texts, 'or')}${parts.some(({ kind }) => kind !== 'value' && kind !== 'hash') ? ' of the month' : ''}`
}

function weekdaySet(parts: readonly Part[]): string {
  const [only] = parts
  if (only?.kind === 'range') return only.first === 1 && only.last === 5 ? '1,2,3,4,5' : ''
  return parts.every(isValue) ? parts.map(({ value }) => value).join() : ''
}

function ofMonths(months: FieldOutline): string {
  if (months === null) return 'of the month'
  const [only] = months
  return only?.kind === 'range' ? `of each month${inMonths(months)}` : `of ${list(months.map(monthPart))}`
}

function inMonths(months: FieldOutline): string {
  if (months === null) return ''
  const [only] = months
  return only?.kind === 'range'
    ? ` from ${MONTHS[only.first - 1]} to ${MONTHS[only.last - 1]}`
    : ` in ${list(months.map(monthPart))}`
}

function monthPart(part: Part): string {
  if (part.kind === 'value') return MONTHS[part.value - 1] as string
  return part.kind === 'hash' ? drawn(part, 'month') : ''
}

function list(texts: readonly string[], word = 'and'): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)}`
}

function ordinal(value: number): string {
  const isTeen = value % 100 >= 11 && value % 100 <= 13
  return `${value}${isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')}`
}

import { InvalidOptionError } from '@escapement/base'

/** What one field of a cron pattern may hold. */
export interface FieldRules {
  readonly name: string
  readonly plural: string
  readonly min: number
  readonly max: number
  /** Names that stand for values, the first for `firstName`. */
  readonly names?: readonly string[]
  readonly firstName?: number
  readonly hasLast?: 'day' | 'weekday'
}

/** One field of a cron pattern, read. */
export interface CronField {
  /** In rising order, without repetition; weekdays are 0 (Sunday) to 6. */
  readonly values: readonly number[]
  /** Whether the field is `*` or `?`. */
  readonly isAny: boolean
  /** Day of the month: whether the last day is among them (`L`). Always false elsewhere. */
  readonly isLast: boolean
  /** Weekdays that count only as the last of their month (`5L`). */
  readonly lastOfMonth: readonly number[]
  /** Weekday: which one of its month (`5#2`); null: each. */
  readonly nth: number | null
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** The six fields in their order. */
export const FIELDS: readonly FieldRules[] = [
  { name: 'second', plural: 'seconds', min: 0, max: 59 },
  { name: 'minute', plural: 'minutes', min: 0, max: 59 },
  { name: 'hour', plural: 'hours', min: 0, max: 23 },
  { name: 'day of the month', plural: 'days of the month', min: 1, max: 31, hasLast: 'day' },
  { name: 'month', plural: 'months', min: 1, max: 12, names: MONTHS, firstName: 1 },
  { name: 'weekday', plural: 'weekdays', min: 0, max: 7, names: WEEKDAYS, firstName: 0, hasLast: 'weekday' },
]

/**
 * Reads one field.
 *
 * @param shown - The pattern as messages show it.
 * @throws {@link InvalidOptionError} naming the field, the value and the range.
 */
export function fieldValues(text: string, rules: FieldRules, shown: string): CronField {
  const isAny = text === '*' || (text === '?' && rules.hasLast !== undefined)
  const values = new Set<number>()
  const lastOfMonth = new Set<number>()
  let isLast = false
  let nth: number | null = null
  const items = text.split(',')
  for (const item of items) {
    if (rules.hasLast === 'day' && item.toUpperCase() === 'L') {
      isLast = true
      continue
    }
    const special = rules.hasLast === 'weekday' ? /^(\w+?)(?:(l)|#(.*))$/i.exec(item) : null
    if (special?.[2] !== undefined) {
      lastOfMonth.add(value(special[1] as string, rules, shown) % 7)
    } else if (special?.[3] !== undefined) {
      nth = nthOf(special[3], items.length, shown)
      values.add(value(special[1] as string, rules, shown) % 7)
    } else {
      for (const one of range(isAny ? '*' : item, rules, shown)) values.add(rules.hasLast === 'weekday' ? one % 7 : one)
    }
  }
  const rising = (set: Set<number>): number[] => [...set].toSorted((a, b) => a - b)
  return { values: rising(values), isAny, isLast, lastOfMonth: rising(lastOfMonth), nth }
}

function nthOf(text: string, items: number, shown: string): number {
  if (items > 1) throw new InvalidOptionError(`${shown} has a list with # in its weekdays; give # a field of its own`)
  if (/^[1-5]$/.test(text)) return Number(text)
  throw new InvalidOptionError(`${shown} has #${text} in its weekdays; a weekday comes #1 to #5 in a month`)
}

function range(item: string, rules: FieldRules, shown: string): number[] {
  const [bounds, stepText, ...rest] = item.split('/') as [string, string | undefined, ...string[]]
  if (rest.length > 0) throw unreadable(item, rules, shown)
  const step = stepText === undefined ? 1 : stepOf(stepText, rules, shown)
  const [firstText, lastText, ...more] = bounds.split('-') as [string, string | undefined, ...string[]]
  if (more.length > 0) throw unreadable(item, rules, shown)
  let first: number
  let last: number
  if (bounds === '*') {
    first = rules.min
    last = rules.max
  } else {
    first = value(firstText, rules, shown)
    last = lastText !== undefined ? value(lastText, rules, shown) : stepText !== undefined ? rules.max : first
  }
  if (last < first) {
    throw new InvalidOptionError(`${shown} has ${rules.name} range ${bounds}, which runs backwards; write it as a list`)
  }
  const values: number[] = []
  for (let one = first; one <= last; one += step) values.push(one)
  return values
}

function stepOf(text: string, rules: FieldRules, shown: string): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (step >= 1 && step <= rules.max) return step
  throw new InvalidOptionError(`${shown} has ${rules.name} step /${text}; steps of ${rules.plural} are 1-${rules.max}`)
}

function value(text: string, rules: FieldRules, shown: string): number {
  const index = rules.names?.indexOf(text.toLowerCase()) ?? -1
  if (index >= 0) return index + (rules.firstName as number)
  if (!/^\d+$/.test(text)) throw unreadable(text, rules, shown)
  const number = Number(text)
  if (number >= rules.min && number <= rules.max) return number
  throw new InvalidOptionError(`${shown} has ${rules.name} ${text}; ${rules.plural} are ${rules.min}-${rules.max}`)
}

function unreadable(text: string, rules: FieldRules, shown: string): InvalidOptionError {
  const names = rules.names === undefined ? '' : `, ${rules.names[0] as string}-${rules.names.at(-1) as string}`
  return new InvalidOptionError(
    `${shown} has ${rules.name} "${text}"; ${rules.plural} are ${rules.min}-${rules.max}${names}, ranges, lists and steps of them`,
  )
}

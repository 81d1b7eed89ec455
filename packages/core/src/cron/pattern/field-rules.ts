import { FIRST_YEAR, LAST_YEAR } from './cron-pattern.ts'

/** What one field of a cron pattern may hold. */
export interface FieldRules {
  readonly name: string
  readonly plural: string
  readonly min: number
  readonly max: number
  /** How many values there are before they begin anew: ranges may run over the end (`22-2`). Null: they do not. */
  readonly cycle: number | null
  /** The greatest value that `H` draws: every month has a 28th, and 7 would be Sunday again. Null: the field has no `H`. */
  readonly hashMax: number | null
  /** Names that stand for values, the first for `min` of the field. */
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

export const SECOND: FieldRules = { name: 'second', plural: 'seconds', min: 0, max: 59, cycle: 60, hashMax: 59 }
export const MINUTE: FieldRules = { name: 'minute', plural: 'minutes', min: 0, max: 59, cycle: 60, hashMax: 59 }
export const HOUR: FieldRules = { name: 'hour', plural: 'hours', min: 0, max: 23, cycle: 24, hashMax: 23 }
export const DAY: FieldRules = {
  name: 'day of the month',
  plural: 'days of the month',
  min: 1,
  max: 31,
  cycle: 31,
  hashMax: 28,
}
export const MONTH: FieldRules = {
  name: 'month',
  plural: 'months',
  min: 1,
  max: 12,
  cycle: 12,
  hashMax: 12,
  names: MONTHS,
}
export const WEEKDAY: FieldRules = {
  name: 'weekday',
  plural: 'weekdays',
  min: 0,
  max: 7,
  cycle: 7,
  hashMax: 6,
  names: WEEKDAYS,
}
export const YEAR: FieldRules = {
  name: 'year',
  plural: 'years',
  min: FIRST_YEAR,
  max: LAST_YEAR,
  cycle: null,
  hashMax: null,
}

/** The last value before a field begins anew: weekday 7 is Sunday once more. */
export function lastValue({ min, max, cycle }: FieldRules): number {
  return cycle === null ? max : min + cycle - 1
}

import { type FieldOutline, isValue, type Part } from './field-outline.ts'

/** More times of day than this are told by their fields. */
const MOST_TIMES = 6

/** A stretch of a day from one time to another, as a clock shows them: `09:00`, `17:59:59`. */
export interface Stretch {
  readonly first: string
  readonly last: string
}

/** The fields of a time of day. */
export interface TimeFields {
  readonly second: FieldOutline
  readonly minute: FieldOutline
  readonly hour: FieldOutline
}

/** What a pattern says of the time of day. */
export type TimeOutline =
  /** At these times. */
  | { readonly kind: 'times'; readonly times: readonly string[] }
  /** Once an hour in each stretch. One with `first` as `last` is one time. */
  | { readonly kind: 'hourly'; readonly stretches: readonly Stretch[] }
  /** More often than once an hour, or only in some of the hours; `stretches`: the hours, where they are plain. */
  | ({ readonly kind: 'fields'; readonly stretches: readonly Stretch[] | null } & TimeFields)

/** Chooses how to say a time of day. */
export function timeOutline(fields: TimeFields): TimeOutline {
  const { second, minute, hour } = fields
  const seconds = valuesOf(second)
  const minutes = valuesOf(minute)
  const hours = valuesOf(hour)
  if (seconds !== null && minutes !== null && hours !== null) {
    const count = seconds.length * minutes.length * hours.length
    if (count <= MOST_TIMES || count === hours.length) return { kind: 'times', times: timesOf(hours, minutes, seconds) }
  }
  const stretches = stretchesOf(hour)
  if (stretches === null) return { kind: 'fields', ...fields, stretches: null }
  if (seconds?.length === 1 && minutes?.length === 1) {
    const at = (value: number): string => clock(value, minutes[0] as number, seconds[0] as number)
    return { kind: 'hourly', stretches: stretches.map(({ first, last }) => ({ first: at(first), last: at(last) })) }
  }
  const lastSecond = isOnTheMinute(second) ? 0 : 59
  const plain = stretches.map(({ first, last }) => ({ first: clock(first, 0, 0), last: clock(last, 59, lastSecond) }))
  return { kind: 'fields', ...fields, stretches: plain }
}

/** Whether a second field is as good as none. */
export function isOnTheMinute(second: FieldOutline): boolean {
  return second?.length === 1 && second.every((part) => isValue(part) && part.value === 0)
}

function valuesOf(field: FieldOutline): number[] | null {
  return field?.every(isValue) ? field.map(({ value }) => value) : null
}

function stretchesOf(hour: FieldOutline): { first: number; last: number }[] | null {
  const found = hour?.map((part: Part) => {
    if (part.kind === 'value') return { first: part.value, last: part.value }
    return part.kind === 'range' ? { first: part.first, last: part.last } : null
  })
  return found === undefined || found.includes(null) ? null : (found as { first: number; last: number }[])
}

function timesOf(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): string[] {
  return hours.flatMap((hour) => minutes.flatMap((minute) => seconds.map((second) => clock(hour, minute, second))))
}

function clock(hour: number, minute: number, second: number): string {
  const parts = second === 0 ? [hour, minute] : [hour, minute, second]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

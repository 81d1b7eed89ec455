import { InvalidOptionError } from '@escapement/base'

/** A moment: a `Date`, Unix milliseconds, or ISO 8601 text: a date (midnight UTC) or a date and time with `Z` or offset. */
export type Instant = Date | number | string

/** The last instant that a `Date` can hold, Unix milliseconds (ECMA-262, 21.4.1.1). */
export const LAST_INSTANT_MS = 8_640_000_000_000_000

const ISO = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

/**
 * Reads an instant.
 *
 * @param name - What it is for; stands at the head of the error message.
 * @returns Unix milliseconds.
 * @throws {@link InvalidOptionError} when the value is no instant, or text without an offset from UTC.
 */
export function instantMs(value: Instant, name: string): number {
  const ms = parse(value)
  if (Number.isInteger(ms) && Math.abs(ms) <= LAST_INSTANT_MS) return ms
  throw new InvalidOptionError(
    `${name} is ${shown(value)}; an instant is a Date, Unix milliseconds or ISO text with an offset, such as ` +
      `'2030-01-31' or '2030-01-31T09:00:00Z'`,
  )
}

function parse(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number') return Math.round(value)
  const match = typeof value === 'string' ? ISO.exec(value) : null
  if (match === null) return Number.NaN
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  // Date.parse rolls 30 February over to March instead of refusing it.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return Number.NaN
  return Date.parse(match[0])
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  if (value instanceof Date) return 'an invalid Date'
  return typeof value === 'number' ? String(value) : `a value of type ${value === null ? 'null' : typeof value}`
}

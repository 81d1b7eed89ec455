import { InvalidOptionError } from '@escapement/base'
import { intervalOf } from './interval-of.ts'
import type { CronField } from './cron-field.ts'
import { DAY, type FieldRules, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, YEAR } from './field-rules.ts'
import { readField } from './read-field.ts'

/** A pattern that lists every value of every field needs about half of this. */
const LONGEST_PATTERN = 2_048

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** A cron pattern as it was written, field by field: what a description or a warning is made from. */
export interface CronSyntax {
  /** The pattern as messages show it. */
  readonly shown: string
  /** `0` when the pattern has five fields. */
  readonly second: CronField
  readonly minute: CronField
  readonly hour: CronField
  readonly day: CronField
  readonly month: CronField
  readonly weekday: CronField
  /** `*` when the pattern has fewer than seven fields. */
  readonly year: CronField
  /** Whether the weekday begins with `+`: a day must fit both day fields, also when both are restricted. */
  readonly isBothDays: boolean
}

/**
 * Reads a cron pattern without asking what it means: five fields, six with seconds in front, seven with the year at the
 * end, or a nickname.
 *
 * @throws {@link InvalidOptionError} naming the field, the value and the range.
 */
export function readCronSyntax(pattern: string): CronSyntax {
  if (typeof pattern !== 'string') throw new InvalidOptionError(`cron pattern is of type ${typeof pattern}; give text`)
  const shown = `cron "${pattern.slice(0, 80)}"`
  if (pattern.length > LONGEST_PATTERN) {
    throw new InvalidOptionError(`${shown}… has ${pattern.length} characters; at most ${LONGEST_PATTERN} are read`)
  }
  const texts = sevenFields(withoutNickname(pattern.trim(), shown), shown)
  const read = (index: number, rules: FieldRules): CronField => readField(texts[index] as string, rules, shown)
  const weekdays = texts[5] as string
  const isBothDays = weekdays.startsWith('+')
  return {
    shown,
    second: read(0, SECOND),
    minute: read(1, MINUTE),
    hour: read(2, HOUR),
    day: read(3, DAY),
    month: read(4, MONTH),
    weekday: readField(isBothDays ? weekdays.slice(1) : weekdays, WEEKDAY, shown),
    year: read(6, YEAR),
    isBothDays,
  }
}

function withoutNickname(text: string, shown: string): string {
  if (!text.startsWith('@')) return text
  const name = text.toLowerCase()
  const fields = Object.hasOwn(NICKNAMES, name) ? NICKNAMES[name] : undefined
  if (fields !== undefined) return fields
  if (name === '@reboot') {
    throw new InvalidOptionError(`${shown} is not a time; enqueue the job where the host starts`)
  }
  if (intervalOf(text) !== null) {
    throw new InvalidOptionError(`${shown} is an interval, which has no fields; write every('90s') for one`)
  }
  const known = Object.keys(NICKNAMES).join(', ')
  throw new InvalidOptionError(`${shown} is no known nickname; those are ${known}, and @every with a duration`)
}

function sevenFields(text: string, shown: string): readonly string[] {
  const texts = text === '' ? [] : text.split(/\s+/)
  if (texts.length === 5) return ['0', ...texts, '*']
  if (texts.length === 6) return [...texts, '*']
  if (texts.length === 7) return texts
  throw new InvalidOptionError(
    `${shown} has ${texts.length} fields; five are minute, hour, day of the month, month, weekday, a sixth in front is ` +
      'seconds, a seventh at the end the year',
  )
}

import { InvalidOptionError } from '@escapement/base'
import { type CronField, fieldValues, FIELDS } from './cron-field.ts'

/** A pattern that lists every value of every field needs about half of this. */
const LONGEST_PATTERN = 1_024

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** The longest that each month can be; index 0 is January. */
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** A cron pattern, read. Values are in rising order. */
export interface CronPattern {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: CronField
  readonly months: readonly number[]
  readonly weekdays: CronField
}

/**
 * Reads a cron pattern.
 *
 * @throws {@link InvalidOptionError} naming field, value and range; also for a pattern that no date ever matches.
 */
export function parseCronPattern(pattern: string): CronPattern {
  if (typeof pattern !== 'string') throw new InvalidOptionError(`cron pattern is of type ${typeof pattern}; give text`)
  const shown = `cron "${pattern.slice(0, 80)}"`
  if (pattern.length > LONGEST_PATTERN) {
    throw new InvalidOptionError(`${shown}… has ${pattern.length} characters; at most ${LONGEST_PATTERN} are read`)
  }
  const text = withoutNickname(pattern.trim(), shown)
  const texts = text.split(/\s+/)
  if (text === '' || texts.length < 5 || texts.length > 6) {
    const count = text === '' ? 0 : texts.length
    throw new InvalidOptionError(
      `${shown} has ${count} fields; five are minute, hour, day of the month, month, weekday, a sixth in front is seconds`,
    )
  }
  const sixTexts = texts.length === 5 ? ['0', ...texts] : texts
  const fields = FIELDS.map((rules, index) => fieldValues(sixTexts[index] as string, rules, shown))
  const [seconds, minutes, hours, days, months, weekdays] = fields as [
    CronField,
    CronField,
    CronField,
    CronField,
    CronField,
    CronField,
  ]
  refuseHopeless(days, months, weekdays, shown)
  return {
    seconds: seconds.values,
    minutes: minutes.values,
    hours: hours.values,
    days,
    months: months.values,
    weekdays,
  }
}

function withoutNickname(text: string, shown: string): string {
  if (!text.startsWith('@')) return text
  const fields = Object.hasOwn(NICKNAMES, text.toLowerCase()) ? NICKNAMES[text.toLowerCase()] : undefined
  if (fields !== undefined) return fields
  throw new InvalidOptionError(`${shown} is no known nickname; those are ${Object.keys(NICKNAMES).join(', ')}`)
}

/** A day of the month that none of the months has never comes; a weekday beside it is an alternative, so it may. */
function refuseHopeless(days: CronField, months: CronField, weekdays: CronField, shown: string): void {
  if (days.isAny || !weekdays.isAny || days.isLast) return
  const earliest = days.values[0] as number
  const longest = Math.max(...months.values.map((month) => LONGEST_MONTHS[month - 1] as number))
  if (earliest <= longest) return
  throw new InvalidOptionError(
    `${shown} never fires: day of the month ${earliest} does not exist in its months, whose longest has ${longest} days`,
  )
}

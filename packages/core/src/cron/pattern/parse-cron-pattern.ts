import { maskOf } from './bit-mask.ts'
import { type CronPattern, FIRST_YEAR, LAST_YEAR } from './cron-pattern.ts'
import { type CronSyntax, readCronSyntax } from './cron-syntax.ts'
import { HOUR, MINUTE, MONTH, SECOND, YEAR } from './field-rules.ts'
import { fieldValues } from './field-values.ts'
import { refuseHopeless } from './hopeless.ts'
import { monthDays } from './month-days.ts'

/**
 * Reads a cron pattern.
 *
 * @throws {@link InvalidOptionError} naming field, value and range; also for a pattern that no date ever matches.
 */
export function parseCronPattern(text: string): CronPattern {
  const syntax = readCronSyntax(text)
  const [secondsLow = 0, secondsHigh = 0] = sixty(syntax, 'second')
  const [minutesLow = 0, minutesHigh = 0] = sixty(syntax, 'minute')
  const months = fieldValues(syntax.month, MONTH, syntax.shown).map((month) => month - 1)
  const pattern = {
    secondsLow,
    secondsHigh,
    minutesLow,
    minutesHigh,
    hours: maskOf(fieldValues(syntax.hour, HOUR, syntax.shown), 24)[0] as number,
    months: maskOf(months, 12)[0] as number,
    days: monthDays(syntax),
    years: yearsOf(syntax),
    isWildcard: syntax.minute.isStar || syntax.hour.isStar,
  }
  refuseHopeless(pattern, syntax)
  return Object.freeze(pattern)
}

function sixty(syntax: CronSyntax, name: 'second' | 'minute'): number[] {
  return maskOf(fieldValues(syntax[name], name === 'second' ? SECOND : MINUTE, syntax.shown), 60)
}

function yearsOf({ year, shown }: CronSyntax): number[] | null {
  if (year.text === '*') return null
  const years = fieldValues(year, YEAR, shown).map((one) => one - FIRST_YEAR)
  return maskOf(years, LAST_YEAR - FIRST_YEAR + 1)
}

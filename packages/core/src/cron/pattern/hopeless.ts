import { InvalidOptionError } from '@escapement/base'
import { firstDayOf, monthShape } from '../calendar/month.ts'
import { highestBit, lowestBit, lowestOf } from './bit-mask.ts'
import { type CronPattern, FIRST_YEAR } from './cron-pattern.ts'
import type { CronSyntax } from './cron-syntax.ts'
import { DAY } from './field-rules.ts'
import { fieldValues } from './field-values.ts'

/** The longest that each month can be; index 0 is January. */
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Refuses a pattern that no date of its years ever matches; years that are over are none of its business.
 *
 * @throws {@link InvalidOptionError} saying why.
 */
export function refuseHopeless(pattern: CronPattern, syntax: CronSyntax): void {
  if (pattern.years === null ? hasDayInSomeYear(pattern) : hasDayInItsYears(pattern, pattern.years)) return
  throw new InvalidOptionError(`${syntax.shown} never fires: ${reason(pattern, syntax)}`)
}

/** In 400 years every month, also 29 February, begins and ends on each weekday: all shapes of its lengths come. */
function hasDayInSomeYear({ months, days }: CronPattern): boolean {
  for (let month = lowestBit(months, 0); month >= 0; month = lowestBit(months, month + 1)) {
    const longest = LONGEST_MONTHS[month] as number
    for (let length = longest === 29 ? 28 : longest; length <= longest; length++) {
      for (let weekday = 0; weekday < 7; weekday++) if (days[(length - 28) * 7 + weekday] !== 0) return true
    }
  }
  return false
}

function hasDayInItsYears({ months, days }: CronPattern, years: readonly number[]): boolean {
  for (let year = lowestOf(years, 0); year >= 0; year = lowestOf(years, year + 1)) {
    for (let month = lowestBit(months, 0); month >= 0; month = lowestBit(months, month + 1)) {
      const index = (FIRST_YEAR + year) * 12 + month
      const first = firstDayOf(index)
      if (days[monthShape(first, firstDayOf(index + 1) - first)] !== 0) return true
    }
  }
  return false
}

function reason({ months, years }: CronPattern, { day, shown }: CronSyntax): string {
  const longest = Math.max(...LONGEST_MONTHS.filter((_, month) => highestBit(months, month) === month))
  const isPlain = day.items.every(({ kind }) => kind === 'range')
  const earliest = isPlain ? Math.min(...fieldValues(day, DAY, shown)) : 0
  if (earliest > longest) {
    return `day of the month ${earliest} does not exist in its months, whose longest has ${longest} days`
  }
  const where = years === null ? 'its months' : 'the months of its years'
  return `no day of ${where} fits its day of the month and its weekday`
}

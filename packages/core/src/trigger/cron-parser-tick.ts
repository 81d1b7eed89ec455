import { CronExpressionParser } from 'cron-parser'
import type { CronPattern } from './cron-pattern.ts'

/** cron-parser repeats an hour that it did not see begin, so it starts this long before the question. */
const REWIND_MS = 3 * 3_600_000

/** Ticks that lie in the rewound hours at one a second, and some to spare: the search ends whatever cron-parser answers. */
const MOST_STEPS = 20_000

/**
 * The first tick in (after, until] as cron-parser has it, which knows what to do where a zone's offset changes. Slow:
 * for the days around such changes only.
 *
 * @returns Unix milliseconds; null when there is none.
 */
export function cronParserTick(pattern: CronPattern, timezone: string, after: number, until: number): number | null {
  // With every hour allowed cron-parser repeats and skips nothing, wherever it starts.
  const start = pattern.hours.length === 24 ? after : after - REWIND_MS
  const expression = CronExpressionParser.parse(sixFields(pattern), {
    tz: timezone,
    currentDate: new Date(start),
    endDate: new Date(until),
  })
  try {
    for (let step = 0; step < MOST_STEPS; step++) {
      const tick = expression.next().getTime()
      if (tick > until) return null
      if (tick > after) return tick
    }
  } catch {
    return null // beyond `until`, which it reports by throwing
  }
  return null
}

/** The pattern as lists of values: cron-parser refuses some that are fine, such as `0,7` for Sunday twice. */
function sixFields({ seconds, minutes, hours, days, months, weekdays }: CronPattern): string {
  const dayList = days.isAny ? '*' : [...days.values, ...(days.isLast ? ['L'] : [])].join()
  const nth = weekdays.nth === null ? '' : `#${weekdays.nth}`
  const lastOnes = weekdays.lastOfMonth.map((weekday) => `${weekday}L`)
  const weekdayList = weekdays.isAny ? '*' : `${[...weekdays.values, ...lastOnes].join()}${nth}`
  return [seconds.join(), minutes.join(), hours.join(), dayList, months.join(), weekdayList].join(' ')
}

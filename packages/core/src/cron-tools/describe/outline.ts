import type { CronField } from '../../cron/pattern/cron-field.ts'
import { type CronSyntax, readCronSyntax } from '../../cron/pattern/cron-syntax.ts'
import { DAY, type FieldRules, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, YEAR } from '../../cron/pattern/field-rules.ts'
import { type FieldOutline, fieldOutline, type Part } from './field-outline.ts'
import { type TimeOutline, timeOutline } from './time-outline.ts'

/** Which days: all; those of one field; those that fit `either` of two fields; those that fit both. */
export type DayOutline =
  | { readonly kind: 'every' }
  | { readonly kind: 'days' | 'weekdays'; readonly parts: readonly Part[] }
  | { readonly kind: 'either' | 'both'; readonly days: readonly Part[]; readonly weekdays: readonly Part[] }

/** What a pattern says, before it is put into the words of a language. Weekdays are 0 (Sunday) to 6. */
export interface PatternOutline {
  readonly time: TimeOutline
  readonly day: DayOutline
  /** Values and draws, or one range. */
  readonly months: FieldOutline
  readonly years: FieldOutline
}

/**
 * Outlines a pattern, also one with `H`.
 *
 * @throws {@link InvalidOptionError} when it cannot be read.
 */
export function outlineOf(pattern: string): PatternOutline {
  const syntax = readCronSyntax(pattern)
  const read = (field: CronField, rules: FieldRules): FieldOutline => fieldOutline(field, rules)
  return {
    time: timeOutline({
      second: read(syntax.second, SECOND),
      minute: read(syntax.minute, MINUTE),
      hour: read(syntax.hour, HOUR),
    }),
    day: dayOutline(syntax),
    months: read(syntax.month, MONTH),
    years: read(syntax.year, YEAR),
  }
}

function dayOutline({ day, weekday, isBothDays }: CronSyntax): DayOutline {
  const days = fieldOutline(day, DAY)
  const weekdays = fieldOutline(weekday, WEEKDAY)
  // A field that begins with * is no alternative, but what it leaves out is left out (crontab(5)).
  const isEither = !day.isStar && !weekday.isStar && !isBothDays
  if (days === null || weekdays === null) {
    if (isEither || (days === null && weekdays === null)) return { kind: 'every' }
    return days === null ? { kind: 'weekdays', parts: weekdays as readonly Part[] } : { kind: 'days', parts: days }
  }
  return { kind: isEither ? 'either' : 'both', days, weekdays }
}

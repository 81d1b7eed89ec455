import type { CronSyntax } from '../../cron/pattern/cron-syntax.ts'
import { YEAR } from '../../cron/pattern/field-rules.ts'
import { fieldValues } from '../../cron/pattern/field-values.ts'
import type { CronWarning } from './cron-warning.ts'

/** Warns when no year of the pattern is left. */
export function yearWarning({ year, shown }: CronSyntax, now: number): CronWarning[] {
  if (year.text === '*') return []
  const last = Math.max(...fieldValues(year, YEAR, shown))
  const present = new Date(now).getUTCFullYear()
  if (last >= present) return []
  return [
    {
      code: 'year-past',
      message: `its last year is ${last}, and this is ${present}: it never fires again`,
      wayOut: 'name years to come, leave the year out, or retire the job',
    },
  ]
}

import { intervalMs, intervalOf } from '../../cron/pattern/interval-of.ts'
import { parseCronPattern } from '../../cron/pattern/parse-cron-pattern.ts'
import { storedPattern } from '../../cron/pattern/stored-pattern.ts'

/**
 * The pattern with some value for each `H`; null for an interval, which knows no calendar.
 *
 * @throws {@link InvalidOptionError} when it cannot be read, or never fires.
 */
export function drawnPattern(pattern: string): string | null {
  const interval = intervalOf(pattern)
  if (interval !== null) {
    intervalMs(interval)
    return null
  }
  const drawn = storedPattern(pattern, { job: '', isBothDays: false })
  parseCronPattern(drawn)
  return drawn
}

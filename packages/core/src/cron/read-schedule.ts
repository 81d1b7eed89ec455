import { CronSchedule } from './cron-schedule.ts'
import { type DstPolicy, dstPolicy } from './dst-policy.ts'
import type { CronPattern } from './pattern/cron-pattern.ts'
import { parseCronPattern } from './pattern/parse-cron-pattern.ts'
import { timeZone } from './zone/time-zone.ts'

/** A cron pattern with what decides at which instants it matches; a stored cron trigger is one. */
export interface CronSource {
  readonly pattern: string
  readonly timezone: string
  readonly dst?: Partial<DstPolicy>
}

/** How many patterns are kept read. */
const MOST_PATTERNS = 4_096

const patterns = new Map<string, CronPattern>()
const schedules = new WeakMap<CronSource, CronSchedule>()

/**
 * The ticks of a pattern in a zone; read once for each source.
 *
 * @throws {@link InvalidOptionError} when pattern or zone cannot be read.
 */
export function readSchedule(source: CronSource): CronSchedule {
  let schedule = schedules.get(source)
  if (schedule === undefined) {
    const pattern = readPattern(source.pattern)
    schedule = new CronSchedule(pattern, timeZone(source.timezone), dstPolicy(pattern, source.dst))
    schedules.set(source, schedule)
  }
  return schedule
}

function readPattern(text: string): CronPattern {
  const known = patterns.get(text)
  if (known !== undefined) return known
  if (patterns.size >= MOST_PATTERNS) patterns.clear()
  const pattern = parseCronPattern(text)
  patterns.set(text, pattern)
  return pattern
}

import { dstNotes } from '../preview/dst-notes.ts'
import { parseCronPattern } from '../../cron/pattern/parse-cron-pattern.ts'
import type { CronSource } from '../../cron/read-schedule.ts'
import type { CronWarning } from './cron-warning.ts'

/** Every change that comes back each year lies in here. */
const AHEAD_S = 400 * 86_400

/**
 * Warns of fixed times that the wall clock of the zone leaves out, or shows twice, in the coming 400 days; the first of
 * each. A pattern that follows the clock does what it says, and a side of the policy that was chosen is known.
 */
export function dstWarnings(source: CronSource, now: number): CronWarning[] {
  const { pattern, timezone, dst = {} } = source
  if (parseCronPattern(pattern).isWildcard) return []
  const from = Math.ceil(now / 1_000)
  const notes = dstNotes(source, from, from + AHEAD_S)
  const warnings: CronWarning[] = []
  const gap = notes.find(({ kind }) => kind === 'moved' || kind === 'skipped')
  if (gap !== undefined && dst.gap === undefined) {
    warnings.push({
      code: 'time-in-gap',
      message: `some nights in ${timezone} do not have this time: ${gap.text}`,
      wayOut: 'choose a time outside the change, or say what is wanted by dst: { gap }, or use the zone UTC',
    })
  }
  const overlap = notes.find(({ kind }) => kind === 'once' || kind === 'twice')
  if (overlap !== undefined && dst.overlap === undefined) {
    warnings.push({
      code: 'time-in-overlap',
      message: `some nights in ${timezone} have this time twice: ${overlap.text}`,
      wayOut: 'choose a time outside the change, or say what is wanted by dst: { overlap }, or use the zone UTC',
    })
  }
  return warnings
}

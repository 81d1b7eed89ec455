import { checkNames, type NamesOf, systemRuntime } from '@escapement/base'
import { type Instant, instantMs } from '../../trigger/instant.ts'
import { chosenPolicy, type DstPolicy } from '../../cron/dst-policy.ts'
import { readCronSyntax } from '../../cron/pattern/cron-syntax.ts'
import { timeZone } from '../../cron/zone/time-zone.ts'
import type { CronWarning } from './cron-warning.ts'
import { dstWarnings } from './dst-warnings.ts'
import { fieldWarnings } from './field-warnings.ts'
import { drawnPattern } from './drawn-pattern.ts'
import { yearWarning } from './year-warning.ts'

/** Options of {@link lint}. */
export interface LintOptions {
  /** IANA name of the zone that the pattern is read in. Default `UTC`. */
  readonly timezone?: string
  /** As of `cron()`; a side that is chosen is not warned of. Default: what follows from the pattern. */
  readonly dst?: Partial<DstPolicy>
  /** The present: years before it are past, and the changes of offset of the 400 days after it count. Default: now. */
  readonly now?: Instant
}

const OPTIONS: NamesOf<LintOptions> = { timezone: true, dst: true, now: true }

/**
 * Warns of what may surprise in a cron pattern; everyday patterns give none.
 *
 * @param pattern - As `cron()` takes it: also nicknames, `H` and `@every`.
 * @throws {@link InvalidOptionError} when the pattern or an option cannot be read.
 */
export function lint(pattern: string, options: LintOptions = {}): readonly CronWarning[] {
  checkNames('lint', options, OPTIONS)
  const { timezone = 'UTC' } = options
  const dst = chosenPolicy(options.dst) ?? {}
  const now = options.now === undefined ? systemRuntime.now() : instantMs(options.now, 'now of lint')
  timeZone(timezone)
  const drawn = drawnPattern(pattern)
  if (drawn === null) return []
  const syntax = readCronSyntax(pattern)
  return [
    ...dstWarnings({ pattern: drawn, timezone, dst }, now),
    ...fieldWarnings(syntax, pattern),
    ...yearWarning(syntax, now),
  ]
}

import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import { checkCount } from '../../context/check-count.ts'
import { type Instant, instantMs } from '../../trigger/instant.ts'
import { ticksBetween } from '../../trigger/next-tick.ts'
import type { DstPolicy } from '../../cron/dst-policy.ts'
import { timeZone } from '../../cron/zone/time-zone.ts'
import { type DstNote, dstNotes } from './dst-notes.ts'
import { localText, offsetText } from './local-text.ts'
import { patternTrigger } from './pattern-trigger.ts'

const DEFAULT_LIMIT = 100
const LARGEST_LIMIT = 10_000

/** Options of {@link preview}. */
export interface PreviewOptions {
  /** First instant, inclusive. */
  readonly from: Instant
  /** Last instant, inclusive. */
  readonly to: Instant
  /** IANA name of the zone that the pattern is read in. Default `UTC`. */
  readonly timezone?: string
  /** As of `cron()`. Default: what follows from the pattern. */
  readonly dst?: Partial<DstPolicy>
  /** The name of the job, from which `H` is drawn. Default: none, and a pattern with `H` is refused. */
  readonly job?: string
  /** How many ticks are answered: 1 to 10,000. Default 100. */
  readonly limit?: number
}

/** One tick as a preview shows it. */
export interface PreviewTick {
  /** Unix milliseconds. */
  readonly scheduledFor: number
  /** The time on the wall clock, to the second, such as `2027-03-14T09:00:00`. */
  readonly local: string
  /** How far that clock is ahead of UTC, such as `-05:00`. */
  readonly offset: string
}

/** What a pattern does in a range. */
export interface Preview {
  /** The earliest ticks of the range, in rising order. */
  readonly ticks: readonly PreviewTick[]
  /** What changes of the wall clock do to the pattern, oldest first, as far as the ticks reach. */
  readonly notes: readonly DstNote[]
  /** Whether these are all: no more than `limit`. */
  readonly isComplete: boolean
}

const OPTIONS: NamesOf<PreviewOptions> = { from: true, to: true, timezone: true, dst: true, job: true, limit: true }

/**
 * When a cron pattern would fire, and what the changes of the wall clock do to it, by the arithmetic that plans jobs.
 *
 * @param pattern - As `cron()` takes it: also nicknames and `@every`; `H` with a `job`.
 * @throws {@link InvalidOptionError} naming what cannot be read.
 */
export function preview(pattern: string, options: PreviewOptions): Preview {
  checkNames('preview', options, OPTIONS)
  const { timezone = 'UTC', dst, job, limit = DEFAULT_LIMIT } = options
  const from = instantMs(options.from, 'from of preview')
  const to = instantMs(options.to, 'to of preview')
  if (to < from) throw new InvalidOptionError('to of preview lies before its from; give a later instant')
  checkCount('limit of preview', limit, LARGEST_LIMIT)
  const zone = timeZone(timezone)
  const trigger = patternTrigger({ pattern, timezone, dst, job })
  const found = [...ticksBetween([trigger], job ?? '', from - 1, to).take(limit + 1)]
  const isComplete = found.length <= limit
  const ticks = found.slice(0, limit).map((scheduledFor): PreviewTick => {
    const second = Math.floor(scheduledFor / 1_000)
    zone.seek(second)
    return { scheduledFor, local: localText(second + zone.offset), offset: offsetText(zone.offset) }
  })
  const last = isComplete ? to : (ticks.at(-1)?.scheduledFor ?? to)
  const notes = trigger.kind === 'cron' ? dstNotes(trigger, Math.ceil(from / 1_000), Math.floor(last / 1_000)) : []
  return { ticks, notes, isComplete }
}

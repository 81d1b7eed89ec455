import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import { type Instant, instantMs } from '../trigger/instant.ts'
import { ticksBetween } from '../trigger/next-tick.ts'
import { eachTick, specsOf } from './each-tick.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LONGEST_MS = 7 * DAY_MS
const MOST_JOBS = 100

/** Options of {@link forecast}. */
export interface ForecastOptions {
  readonly jobs: readonly AnyJob[]
  /** First instant, inclusive; minutes are counted from here. */
  readonly from: Instant
  /** Last instant, exclusive; at most 7 days later. Default: a day later. */
  readonly to?: Instant
  /** The zone of cron patterns that name none. Default `UTC`, as of `createScheduler`. */
  readonly timezone?: string
}

/** The minute in which most is due. */
export interface PeakMinute {
  /** When it begins, Unix milliseconds. */
  readonly from: number
  readonly ticks: number
  /** The jobs that are due in it, most ticks first; at most 100. */
  readonly jobs: readonly { readonly job: string; readonly ticks: number }[]
}

/** How much is due when. */
export interface Forecast {
  readonly ticks: number
  /** Ticks of each minute, from the first. */
  readonly perMinute: readonly number[]
  /** The earliest of those with most ticks; null when there is no tick. */
  readonly peak: PeakMinute | null
}

const OPTIONS: NamesOf<ForecastOptions> = { jobs: true, from: true, to: true, timezone: true }

/**
 * How many ticks of the jobs fall into each minute of a day.
 *
 * @throws {@link InvalidOptionError} naming the option; also for more than a million ticks.
 */
export function forecast(options: ForecastOptions): Forecast {
  checkNames('forecast', options, OPTIONS)
  const { jobs, timezone = 'UTC' } = options
  const from = instantMs(options.from, 'from of forecast')
  const to = options.to === undefined ? from + DAY_MS : instantMs(options.to, 'to of forecast')
  if (to <= from || to - from > LONGEST_MS) {
    throw new InvalidOptionError('to of forecast is not within 7 days after its from; give a later or nearer instant')
  }
  const specs = specsOf('forecast', jobs, timezone)
  const perMinute = Array.from({ length: Math.ceil((to - from) / MINUTE_MS) }, () => 0)
  eachTick('forecast', specs, { from, to: to - 1 }, (tick) => {
    const minute = Math.floor((tick - from) / MINUTE_MS)
    perMinute[minute] = (perMinute[minute] as number) + 1
  })
  const ticks = perMinute.reduce((sum, one) => sum + one, 0)
  if (ticks === 0) return { ticks, perMinute, peak: null }
  const most = perMinute.reduce((left, right) => Math.max(left, right))
  const begin = from + perMinute.indexOf(most) * MINUTE_MS
  const end = Math.min(begin + MINUTE_MS, to) - 1
  const shares = specs
    .map(({ name, triggers }) => ({ job: name, ticks: [...ticksBetween(triggers, name, begin - 1, end)].length }))
    .filter((share) => share.ticks > 0)
    .toSorted((a, b) => b.ticks - a.ticks)
  return { ticks, perMinute, peak: { from: begin, ticks: most, jobs: shares.slice(0, MOST_JOBS) } }
}

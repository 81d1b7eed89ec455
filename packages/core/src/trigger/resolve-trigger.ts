import { type Duration, durationMs, InvalidOptionError } from '@escapement/base'
import { chosenPolicy } from '../cron/dst-policy.ts'
import { intervalMs, intervalOf } from '../cron/pattern/interval-of.ts'
import { storedPattern } from '../cron/pattern/stored-pattern.ts'
import { readSchedule } from '../cron/read-schedule.ts'
import { type Instant, instantMs } from './instant.ts'
import type { CronTrigger, EveryOptions, RecurringOptions, Trigger } from './trigger.ts'
import type { CronSpec, EverySpec, TriggerSpec } from './trigger-spec.ts'

const LONGEST_SPREAD_MS = 86_400_000
const MOST_INSTANTS = 10_000

/** What a trigger itself does not say. */
export interface TriggerContext {
  /** The zone of cron patterns that name none. */
  readonly timezone: string
  /** The name of the job, from which `H` is drawn. */
  readonly job: string
}

/**
 * Checks a trigger and turns it into what is stored.
 *
 * @throws {@link InvalidOptionError} naming what is wrong with it, its value and the way out.
 */
export function resolveTrigger(trigger: Trigger, context: TriggerContext): TriggerSpec {
  switch (trigger.kind) {
    case 'cron': {
      const interval = intervalOf(trigger.pattern)
      return interval === null ? resolveCron(trigger, context) : resolveEvery(interval, trigger.options)
    }
    case 'every':
      return resolveEvery(trigger.interval, trigger.options)
    case 'at': {
      const instants = instantList(trigger.instants, 'at')
      if (instants.length === 0) throw new InvalidOptionError('at names no instant; give one, or leave the trigger out')
      return { kind: 'at', instants }
    }
    default:
      throw new InvalidOptionError('trigger is none; make it with cron(), every() or at()')
  }
}

function resolveCron({ pattern, options }: CronTrigger, context: TriggerContext): CronSpec {
  const { days = 'either', timezone = context.timezone } = options
  if (days !== 'either' && days !== 'both') {
    throw new InvalidOptionError(`days of cron is ${JSON.stringify(days)}; a day must fit 'either' field or 'both'`)
  }
  const dst = chosenPolicy(options.dst)
  const spec: CronSpec = {
    kind: 'cron',
    pattern: storedPattern(pattern, { job: context.job, isBothDays: days === 'both' }),
    timezone,
    ...(dst !== null && { dst }),
    ...bounds(options, 'cron'),
  }
  readSchedule(spec)
  return spec
}

function resolveEvery(interval: Duration, options: EveryOptions): EverySpec {
  const everyMs = intervalMs(interval)
  const anchor = instantMs(options.anchor ?? 0, 'anchor of every')
  return { kind: 'every', everyMs, anchor, ...bounds(options, 'every') }
}

function bounds(
  options: RecurringOptions,
  kind: string,
): Omit<TriggerSpec & { kind: 'every' }, 'kind' | 'everyMs' | 'anchor'> {
  const from = options.from === undefined ? undefined : instantMs(options.from, `from of ${kind}`)
  const until = options.until === undefined ? undefined : instantMs(options.until, `until of ${kind}`)
  if (from !== undefined && until !== undefined && until < from) {
    throw new InvalidOptionError(
      `until of ${kind} is ${iso(until)}, before its from, ${iso(from)}; it would never fire`,
    )
  }
  const except = options.except === undefined ? [] : instantList(options.except, `except of ${kind}`)
  const spreadMs =
    options.spread === undefined ? 0 : durationMs(options.spread, `spread of ${kind}`, { maxMs: LONGEST_SPREAD_MS })
  return {
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(except.length > 0 && { except }),
    ...(spreadMs > 0 && { spreadMs }),
  }
}

function instantList(instants: readonly Instant[], name: string): number[] {
  if (!Array.isArray(instants)) throw new InvalidOptionError(`${name} is not a list of instants; give an array`)
  if (instants.length > MOST_INSTANTS) {
    throw new InvalidOptionError(`${name} names ${instants.length} instants; at most ${MOST_INSTANTS} are kept`)
  }
  return [...new Set(instants.map((instant) => instantMs(instant as Instant, name)))].toSorted((a, b) => a - b)
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}

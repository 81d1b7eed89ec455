import { durationMs, InvalidOptionError } from '@escapement/base'
import { parseCronPattern } from './cron-pattern.ts'
import { type Instant, instantMs } from './instant.ts'
import { timeZone } from './time-zone.ts'
import type { RecurringOptions, Trigger } from './trigger.ts'
import type { TriggerSpec } from './trigger-spec.ts'

/** The shortest interval of `every`: below it a scheduler does little but plan. Milliseconds. */
const SHORTEST_INTERVAL_MS = 100

const LONGEST_SPREAD_MS = 86_400_000
const MOST_INSTANTS = 10_000

/**
 * Checks a trigger and turns it into what is stored.
 *
 * @param defaults - `timezone`: the zone of cron patterns that name none.
 * @throws {@link InvalidOptionError} naming what is wrong with it, its value and the way out.
 */
export function resolveTrigger(trigger: Trigger, defaults: { readonly timezone: string }): TriggerSpec {
  switch (trigger.kind) {
    case 'cron': {
      parseCronPattern(trigger.pattern)
      const timezone = trigger.options.timezone ?? defaults.timezone
      timeZone(timezone)
      return { kind: 'cron', pattern: trigger.pattern.trim(), timezone, ...bounds(trigger.options, 'cron') }
    }
    case 'every': {
      const everyMs = durationMs(trigger.interval, 'every', { minMs: SHORTEST_INTERVAL_MS })
      const anchor = instantMs(trigger.options.anchor ?? 0, 'anchor of every')
      return { kind: 'every', everyMs, anchor, ...bounds(trigger.options, 'every') }
    }
    case 'at': {
      const instants = instantList(trigger.instants, 'at')
      if (instants.length === 0) throw new InvalidOptionError('at names no instant; give one, or leave the trigger out')
      return { kind: 'at', instants }
    }
    default:
      throw new InvalidOptionError('trigger is none; make it with cron(), every() or at()')
  }
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

import type { Duration } from '@escapement/base'
import type { DstPolicy } from '../cron/dst-policy.ts'
import type { Instant } from './instant.ts'

/** Bounds and exceptions of a recurring trigger. All are compared with its instants before `spread` moves them. */
export interface RecurringOptions {
  /** No tick before this instant. Default: none. */
  readonly from?: Instant
  /** No tick after this instant. Default: none. */
  readonly until?: Instant
  /** Instants on which it does not fire, at most 10,000. Default: none. */
  readonly except?: readonly Instant[]
  /**
   * Moves every tick by one fixed offset from zero up to this length, drawn from the job's name, so that jobs with the
   * same pattern do not crowd. At most a day. Default: no offset.
   */
  readonly spread?: Duration
}

/** Options of {@link cron}. */
export interface CronOptions extends RecurringOptions {
  /** IANA name of the zone that the pattern is read in. Default: the scheduler's `timezone`, itself UTC by default. */
  readonly timezone?: string
  /**
   * What becomes of times that the wall clock leaves out (`gap`) or shows twice (`overlap`). Default, as Vixie cron: a
   * fixed time happens once (`end`, `first`), a pattern whose minute or hour begins with `*` follows the clock (`skip`,
   * `both`).
   */
  readonly dst?: Partial<DstPolicy>
  /**
   * Which of day of the month and weekday a day must fit when both are restricted; `both` is what `+` before the weekday
   * says in the pattern. Default: `either`.
   */
  readonly days?: 'either' | 'both'
}

/** Options of {@link every}. */
export interface EveryOptions extends RecurringOptions {
  /** The instant that the interval is counted from. Default: the Unix epoch. */
  readonly anchor?: Instant
}

/** A cron pattern; made by {@link cron}. */
export interface CronTrigger {
  readonly kind: 'cron'
  readonly pattern: string
  readonly options: CronOptions
}

/** A fixed interval; made by {@link every}. */
export interface EveryTrigger {
  readonly kind: 'every'
  readonly interval: Duration
  readonly options: EveryOptions
}

/** Given instants; made by {@link at}. */
export interface AtTrigger {
  readonly kind: 'at'
  readonly instants: readonly Instant[]
}

/** What makes a job due. Made by {@link cron}, {@link every} and {@link at}; checked when it is given to `defineJob`. */
export type Trigger = CronTrigger | EveryTrigger | AtTrigger

/**
 * Due whenever the pattern matches the wall clock of a time zone.
 *
 * @param pattern - Five fields (minute, hour, day of the month, month, weekday), six with seconds in front, seven with
 *   the year at the end, or a nickname such as `@daily`. `H` stands for a value that is drawn from the job's name.
 *   `@every 90s` is the same as `every('90s')`: it has no wall clock, so that neither zone nor `dst` say anything.
 */
export function cron(pattern: string, options: CronOptions = {}): CronTrigger {
  return Object.freeze({ kind: 'cron', pattern, options: Object.freeze({ ...options }) })
}

/** Due each `interval` (at least 100 ms), counted from an anchor and not from when the process started. */
export function every(interval: Duration, options: EveryOptions = {}): EveryTrigger {
  return Object.freeze({ kind: 'every', interval, options: Object.freeze({ ...options }) })
}

/** Due at one instant, or once at each of up to 10,000. */
export function at(instants: Instant | readonly Instant[]): AtTrigger {
  const list = Array.isArray(instants) ? (instants as readonly Instant[]) : [instants as Instant]
  return Object.freeze({ kind: 'at', instants: Object.freeze([...list]) })
}

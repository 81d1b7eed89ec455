/**
 * A cron pattern, read: for each field a mask in which bit n stands for its nth value. Frozen; less than 1 KB.
 *
 * It answers "does it match", and says nothing of how it was written: for that see `CronSyntax`.
 */
export interface CronPattern {
  /** Seconds 0 to 29, and 30 to 59. */
  readonly secondsLow: number
  readonly secondsHigh: number
  /** Minutes 0 to 29, and 30 to 59. */
  readonly minutesLow: number
  readonly minutesHigh: number
  /** Bit 0 is the hour from midnight. */
  readonly hours: number
  /** Bit 0 is January. */
  readonly months: number
  /**
   * What both day fields make of a month, for each of the 28 shapes that months have (`monthShape`): bit 0 is the first
   * of the month. `L`, `W` and `#` are resolved here.
   */
  readonly days: readonly number[]
  /** The years from {@link FIRST_YEAR} on as words of a mask (`maskOf`); null: each. */
  readonly years: readonly number[] | null
  /** Whether minute or hour begins with `*`: such a pattern follows the wall clock, a fixed time happens once a day. */
  readonly isWildcard: boolean
}

/** The first and the last year that a year field can name. */
export const FIRST_YEAR = 1970
export const LAST_YEAR = 2199

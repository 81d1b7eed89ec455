/** What may surprise in a cron pattern that can be read. */
export interface CronWarning {
  readonly code:
    | 'time-in-gap'
    | 'time-in-overlap'
    | 'day-missing'
    | 'crowded'
    | 'either-day'
    | 'uneven-step'
    | 'year-past'
  /** What happens. */
  readonly message: string
  /** What to write instead, or to do. */
  readonly wayOut: string
}

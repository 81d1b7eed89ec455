/** A question whose answers differ from library to library. */
export interface BehaviourCase {
  readonly pattern: string
  readonly timezone: string
  /** ISO text of the instant from which is asked. */
  readonly from: string
  readonly ask: 'next' | 'previous'
  /** How many ticks are shown. */
  readonly count: number
}

/** Cases that belong together. */
export interface BehaviourGroup {
  readonly title: string
  readonly cases: readonly BehaviourCase[]
}

const next = (pattern: string, timezone: string, from: string, count: number = 1): BehaviourCase => ({
  pattern,
  timezone,
  from,
  ask: 'next',
  count,
})
const previous = (pattern: string, timezone: string, from: string, count: number = 1): BehaviourCase => ({
  ...next(pattern, timezone, from, count),
  ask: 'previous',
})

/** What the table in docs/cron.md shows. */
export const BEHAVIOUR: readonly BehaviourGroup[] = [
  {
    title: 'Times that a night leaves out',
    cases: [
      next('30 2 * * *', 'America/New_York', '2026-03-08T05:00Z', 2),
      next('0 */2 * * *', 'America/New_York', '2026-03-08T05:00Z'),
      next('*/30 2 * * *', 'America/New_York', '2026-03-08T05:00Z'),
      next('30 0 * * *', 'America/Havana', '2026-03-08T00:00Z'),
      next('0 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z'),
      previous('30 2 * * *', 'America/New_York', '2026-03-08T12:00Z'),
    ],
  },
  {
    title: 'Times that a night has twice',
    cases: [
      next('30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', 2),
      next('30 1 * * *', 'America/New_York', '2026-11-01T06:10Z'),
      previous('30 1 * * *', 'America/New_York', '2026-11-01T12:00Z', 2),
      next('0 * * * *', 'America/New_York', '2026-11-01T04:30Z', 3),
      next('*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:20Z', 5),
      next('30 2 * * *', 'Africa/Casablanca', '2026-02-14T12:00Z'),
    ],
  },
  {
    title: 'Days and syntax',
    cases: [
      next('0 0 13 * 5', 'UTC', '2026-02-01T00:00Z', 2),
      next('0 0 13 * +5', 'UTC', '2026-02-01T00:00Z'),
      next('0 0 */2 * 1', 'UTC', '2026-02-01T00:00Z', 2),
      next('0 0 1W * *', 'UTC', '2026-07-15T00:00Z'),
      next('0 0 L-3 * *', 'UTC', '2026-02-01T00:00Z'),
      next('0 0 * * 5L', 'UTC', '2026-02-01T00:00Z'),
      next('0 0 * * 1#5', 'UTC', '2026-02-01T00:00Z'),
      next('0 22-2 * * *', 'UTC', '2026-02-01T03:00Z', 2),
      next('0 0 * * fri-mon', 'UTC', '2026-02-03T00:00Z', 2),
      next('0 0 0 1 1 * 2030', 'UTC', '2026-02-01T00:00Z', 2),
    ],
  },
]

import { type Duration, durationMs } from '@escapement/base'

/** The shortest interval: below it a scheduler does little but plan. Milliseconds. */
const SHORTEST_INTERVAL_MS = 100

const INTERVAL = /^@every\s+(.*)$/i

/** The text of the interval that a pattern such as `@every 90s` names; null: it is no interval. */
export function intervalOf(pattern: unknown): Duration | null {
  const interval = typeof pattern === 'string' ? INTERVAL.exec(pattern.trim())?.[1] : undefined
  return (interval as Duration | undefined) ?? null
}

/** Its length in milliseconds. @throws {@link InvalidOptionError} when it is no duration, or too short. */
export function intervalMs(interval: Duration): number {
  return durationMs(interval, 'every', { minMs: SHORTEST_INTERVAL_MS })
}

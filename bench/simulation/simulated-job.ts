/** One schedule of the simulation, in a form that a brute-force count needs no scheduler for. */
export interface SimulatedJob {
  readonly name: string
  /** Five-field cron, in UTC. */
  readonly cron: string
  readonly periodMs: number
  /** Its ticks are all instants of the epoch that leave this remainder when divided by the period. */
  readonly phaseMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Daily and hourly jobs whose ticks are spread over the day and the hour. */
export function simulatedJobs(daily: number, hourly: number): readonly SimulatedJob[] {
  const jobs: SimulatedJob[] = []
  for (let index = 0; index < daily; index++) {
    const minuteOfDay = Math.floor((index * 1440) / daily)
    const minute = minuteOfDay % 60
    const hour = Math.floor(minuteOfDay / 60)
    jobs.push({
      name: `daily-${index}`,
      cron: `${minute} ${hour} * * *`,
      periodMs: DAY_MS,
      phaseMs: hour * HOUR_MS + minute * MINUTE_MS,
    })
  }
  for (let index = 0; index < hourly; index++) {
    const minute = Math.floor((index * 60) / hourly)
    jobs.push({ name: `hourly-${index}`, cron: `${minute} * * * *`, periodMs: HOUR_MS, phaseMs: minute * MINUTE_MS })
  }
  return jobs
}

import { cron, defineJob, exponential, type Job } from '@escapement/core'
import type { SyncResult, UsageService } from '../usage/usage-service.ts'

/** Takes over from the upstream service how often keys were used. */
export function usageSync(schedule: string, usage: UsageService): Job<unknown, SyncResult> {
  return defineJob({
    name: 'usage-sync',
    trigger: cron(schedule, { timezone: 'UTC' }),
    timeout: '5m',
    retry: { limit: 3, backoff: exponential({ base: '1s', max: '1m' }) },
    // What one sync does, the next would find done: after an outage a single run catches up.
    misfire: 'once',
    run: ({ signal }) => usage.sync(signal),
  })
}

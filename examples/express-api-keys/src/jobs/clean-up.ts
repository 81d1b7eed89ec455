import { cron, defineJob, exponential, type Job } from '@escapement/core'
import type { CleanUpCounts, CleanUpService } from '../clean-up/clean-up-service.ts'

/**
 * Disables expired keys and deletes what is kept no longer. Executions are not its business: the scheduler's `retention`
 * removes them.
 */
export function cleanUp(schedule: string, service: CleanUpService): Job<unknown, CleanUpCounts> {
  return defineJob({
    name: 'clean-up',
    trigger: cron(schedule, { timezone: 'UTC' }),
    timeout: '30m',
    retry: { limit: 3, backoff: exponential({ base: '5s', max: '5m' }) },
    // Cut-offs are counted from the tick, so that a late run or a retry draws the same line.
    run: ({ scheduledFor, signal }) => service.cleanUp(scheduledFor, signal),
  })
}

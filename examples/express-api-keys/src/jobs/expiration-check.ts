import { cron, defineJob, exponential, type Job } from '@escapement/core'
import { ServiceError } from '../outbound/service-error.ts'
import type { ReminderCounts, ReminderService } from '../reminders/reminder-service.ts'

/** Reminds owners of keys that expire within 7 days or have expired. */
export function expirationCheck(schedule: string, reminders: ReminderService): Job<unknown, ReminderCounts> {
  return defineJob({
    name: 'expiration-check',
    trigger: cron(schedule, { timezone: 'UTC' }),
    timeout: '10m',
    retry: { limit: 3, backoff: exponential({ base: '1s', max: '5m' }) },
    run: async ({ signal, log }) => {
      const counts = await reminders.sendDue(signal, (reminder, error) =>
        log.warn('reminder failed', { reminder: reminder.id, key: reminder.keyId, error: String(error) }),
      )
      // One that fails waits for the next run; a receiver that takes none at all is worth a retry before.
      if (counts.failed > 0 && counts.sent === 0) {
        throw new ServiceError(`none of ${counts.total} reminders could be sent; the log of this attempt says why`)
      }
      return counts
    },
  })
}

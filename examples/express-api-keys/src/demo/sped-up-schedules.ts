import type { Schedules } from '../environment/settings.ts'

/** One job of the demo. */
export interface SpedUpSchedule {
  readonly job: string
  /** The environment variable that sets its schedule. */
  readonly variable: string
  readonly pattern: string
  /** How often that is, and how often it would be. */
  readonly says: string
}

/** Days and hours become seconds, so that there is something to see. */
export const SPED_UP: Readonly<Record<keyof Schedules, SpedUpSchedule>> = {
  expirationCheck: {
    job: 'expiration-check',
    variable: 'EXPIRATION_CHECK_CRON',
    pattern: '*/10 * * * * *',
    says: 'every 10 s instead of daily at 09:00 UTC',
  },
  usageSync: {
    job: 'usage-sync',
    variable: 'DATA_SYNC_CRON',
    pattern: '*/5 * * * * *',
    says: 'every 5 s instead of hourly',
  },
  cleanUp: {
    job: 'clean-up',
    variable: 'CLEANUP_CRON',
    pattern: '*/15 * * * * *',
    says: 'every 15 s instead of daily at 00:00 UTC',
  },
  healthCheck: {
    job: 'health-check',
    variable: 'HEALTH_CHECK_CRON',
    pattern: '2/5 * * * * *',
    says: 'every 5 s instead of every 5 min',
  },
}

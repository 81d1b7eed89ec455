import { durationMs } from '@escapement/base'

/** How long a reminder is kept, and hence how far back the service remembers what it sent. Milliseconds. */
export const REMINDER_RETENTION_MS: number = durationMs('90d', 'reminder retention')

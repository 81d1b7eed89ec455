/** A pattern that is measured. */
export interface MeasuredPattern {
  readonly text: string
  readonly timezone: string
  /** Everyday patterns are what most jobs have. */
  readonly kind: 'everyday' | 'varied' | 'leap day'
}

/** Thirty patterns from many crontabs' favourites to the rarest, each in a zone of its own; all are also measured in UTC. */
export const PATTERNS: readonly MeasuredPattern[] = [
  { text: '*/5 * * * *', timezone: 'America/New_York', kind: 'everyday' },
  { text: '0 9 * * 1-5', timezone: 'America/New_York', kind: 'everyday' },
  { text: '* * * * *', timezone: 'Europe/London', kind: 'varied' },
  { text: '0 * * * *', timezone: 'Europe/Berlin', kind: 'varied' },
  { text: '0 0 * * *', timezone: 'Europe/Berlin', kind: 'varied' },
  { text: '30 2 * * *', timezone: 'America/New_York', kind: 'varied' },
  { text: '15 14 1 * *', timezone: 'Asia/Tokyo', kind: 'varied' },
  { text: '0 22 * * 1-5', timezone: 'Australia/Sydney', kind: 'varied' },
  { text: '23 0-20/2 * * *', timezone: 'America/Sao_Paulo', kind: 'varied' },
  { text: '5 4 * * 0', timezone: 'Asia/Kolkata', kind: 'varied' },
  { text: '0 0,12 1 */2 *', timezone: 'Europe/Paris', kind: 'varied' },
  { text: '0 4 8-14 * *', timezone: 'America/Chicago', kind: 'varied' },
  { text: '0 0 1,15 * 3', timezone: 'America/Los_Angeles', kind: 'varied' },
  { text: '5 0 * 8 *', timezone: 'Europe/Madrid', kind: 'varied' },
  { text: '0 0 1 1 *', timezone: 'Pacific/Auckland', kind: 'varied' },
  { text: '0 6-18/3 * * mon,wed,fri', timezone: 'Africa/Cairo', kind: 'varied' },
  { text: '*/10 9-17 * * 1-5', timezone: 'America/Toronto', kind: 'varied' },
  { text: '1,31 * * * *', timezone: 'Asia/Kathmandu', kind: 'varied' },
  { text: '0 3 * * 6', timezone: 'Africa/Casablanca', kind: 'varied' },
  { text: '45 23 28-31 * *', timezone: 'Asia/Singapore', kind: 'varied' },
  { text: '0 12 31 * *', timezone: 'Europe/Moscow', kind: 'varied' },
  { text: '*/30 * * * * *', timezone: 'America/New_York', kind: 'varied' },
  { text: '0 */15 8-18 * * 1-5', timezone: 'Australia/Lord_Howe', kind: 'varied' },
  { text: '1 2 3 4 5 6', timezone: 'Asia/Tehran', kind: 'varied' },
  { text: '0 0 L * *', timezone: 'Europe/Berlin', kind: 'varied' },
  { text: '0 9 * * 5L', timezone: 'Europe/Berlin', kind: 'varied' },
  { text: '0 9 * * 1#2', timezone: 'America/New_York', kind: 'varied' },
  { text: '0 12 15W * *', timezone: 'Europe/Zurich', kind: 'varied' },
  { text: '0 0 13 * +5', timezone: 'Europe/London', kind: 'varied' },
  { text: '0 0 29 2 *', timezone: 'America/New_York', kind: 'leap day' },
]

import type { DatabaseAddress } from '../database/open-database.ts'
import type { LockAddress } from '../lock/open-lock.ts'

/** What the service is told from outside. Lengths of time in milliseconds. */
export interface Settings {
  /** TCP port; 0: any free one. */
  readonly port: number
  /** The database of the application and its jobs. */
  readonly database: DatabaseAddress
  readonly lock: LockAddress
  /** Base of the upstream service that counts requests. */
  readonly usageUrl: URL
  /** Where reminders are sent. */
  readonly webhookUrl: URL
  /** How long other services may take to answer. */
  readonly serviceTimeoutMs: number
  /** Opens the routes for operators; null: they stay closed. */
  readonly adminToken: string | null
  /** Name of this process in logs and history. */
  readonly instance: string | null
  /** Whether this process runs jobs. */
  readonly isCronEnabled: boolean
  /** Cron patterns, read in UTC. */
  readonly schedules: Schedules
  readonly expiredKeyRetentionMs: number
}

/** When each job runs: cron patterns, read in UTC. */
export interface Schedules {
  readonly expirationCheck: string
  readonly usageSync: string
  readonly cleanUp: string
  readonly healthCheck: string
}

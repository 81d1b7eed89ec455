import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Duration, type Logger, systemRuntime } from '@escapement/base'
import { createScheduler, type Scheduler } from '@escapement/core'
import { CleanUpService } from './clean-up/clean-up-service.ts'
import { openDatabase } from './database/open-database.ts'
import type { OpenedDatabase } from './database/opened-database.ts'
import type { Settings } from './environment/settings.ts'
import { databaseProbe, schedulerProbe, upstreamProbe } from './health/probes.ts'
import { createApp } from './http/create-app.ts'
import { cleanUp } from './jobs/clean-up.ts'
import { expirationCheck } from './jobs/expiration-check.ts'
import { healthCheck } from './jobs/health-check.ts'
import { usageSync } from './jobs/usage-sync.ts'
import { KeyService } from './keys/key-service.ts'
import { openLock, type OpenedLock } from './lock/open-lock.ts'
import { logExecutions } from './logging/log-executions.ts'
import { ReminderClient } from './reminders/reminder-client.ts'
import { ReminderService } from './reminders/reminder-service.ts'
import { SessionService } from './sessions/session-service.ts'
import { UsageClient } from './usage/usage-client.ts'
import { UsageService } from './usage/usage-service.ts'

/** What an application may be given beside its settings. */
export interface ApplicationOptions {
  readonly logger: Logger
  /** How long a dead instance is waited for. Default: the scheduler's, 30 s. */
  readonly lease?: Duration
}

/** The service: HTTP, database and scheduler, which start and stop together. */
export class Application implements AsyncDisposable {
  readonly scheduler: Scheduler
  readonly #settings: Settings
  readonly #database: OpenedDatabase
  readonly #lock: OpenedLock
  readonly #server: Server
  #stopping: Promise<void> | undefined

  constructor(settings: Settings, { logger, lease = '30s' }: ApplicationOptions) {
    const { schedules, serviceTimeoutMs } = settings
    this.#database = openDatabase(settings.database, logger)
    const { db, store, mutex } = this.#database
    this.#lock = openLock(settings.lock, mutex, logger)
    const usageClient = new UsageClient(settings.usageUrl, serviceTimeoutMs)
    const reminderClient = new ReminderClient(settings.webhookUrl, serviceTimeoutMs)
    const probes = [databaseProbe(db), upstreamProbe(usageClient), schedulerProbe(() => this.scheduler)]
    this.scheduler = createScheduler({
      jobs: [
        expirationCheck(schedules.expirationCheck, new ReminderService(db, reminderClient, systemRuntime)),
        usageSync(schedules.usageSync, new UsageService(db, usageClient, systemRuntime)),
        cleanUp(schedules.cleanUp, new CleanUpService(db, settings.expiredKeyRetentionMs)),
        healthCheck(schedules.healthCheck, probes),
      ],
      store,
      mutex: this.#lock.mutex,
      ...(settings.instance !== null && { instance: settings.instance }),
      retention: '30d',
      lease,
      logger,
    })
    logExecutions(this.scheduler, logger)
    const keys = new KeyService(db, systemRuntime)
    const sessions = new SessionService(db, systemRuntime)
    const { adminToken } = settings
    this.#server = createServer(createApp({ keys, sessions, scheduler: this.scheduler, adminToken, logger }))
    this.#settings = settings
  }

  /**
   * Listens and begins to run jobs, unless the settings leave that to other processes.
   *
   * @returns The URL of the service.
   */
  async start(): Promise<string> {
    await this.#database.createTables()
    this.#server.listen(this.#settings.port)
    await once(this.#server, 'listening')
    if (this.#settings.isCronEnabled) await this.scheduler.start()
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Takes no new requests or jobs, lets those that run finish, then closes the database. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    this.#server.closeIdleConnections()
    await this.scheduler.stop()
    this.#server.closeAllConnections()
    await closed
    await this.#lock.close()
    await this.#database.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

import type { Logger } from '@escapement/base'
import { createScheduler, type Scheduler } from '@escapement/core'
import { dbMutex } from '@escapement/lock-db'
import { dbStore, pgNotify } from '@escapement/store-db'
import { Client, Pool } from 'pg'
import { LABEL_QUEUE, label } from '../jobs/label.ts'
import { pulse } from '../jobs/pulse.ts'
import { stocktake } from '../jobs/stocktake.ts'
import { openTables } from '../tables/tables.ts'
import type { InstanceEnvironment } from './instance-environment.ts'
import { logEvents } from './log-events.ts'

/** How long a dead instance is waited for: the least there is, so that there is something to see soon. */
export const LEASE = '5s'

/** One member of the cluster: a scheduler with its connections to PostgreSQL. */
export class ClusterInstance {
  readonly #scheduler: Scheduler
  readonly #ends: (() => Promise<unknown>)[]

  constructor({ databaseUrl, namespace, instance }: InstanceEnvironment, logger: Logger) {
    const pool = newPool(databaseUrl, 5, logger)
    // Heartbeats and results have connections of their own: handlers that use up the pool cost no lease.
    const control = newPool(databaseUrl, 2, logger)
    const store = dbStore(pool, {
      control,
      notify: pgNotify(() => new Client({ connectionString: databaseUrl })),
    })
    const mutex = dbMutex(pool, { logger })
    const db = openTables(pool)
    this.#scheduler = createScheduler({
      jobs: [pulse(db, instance), label(db, instance), stocktake(db, instance, logger)],
      queues: LABEL_QUEUE,
      store,
      mutex,
      namespace,
      instance,
      lease: LEASE,
      logger,
    })
    logEvents(this.#scheduler, logger)
    this.#ends = [() => mutex.close(), () => store.close(), () => control.end(), () => pool.end()]
  }

  start(): Promise<void> {
    return this.#scheduler.start()
  }

  /** Lets handlers finish, hands back what has not started, and closes the connections. */
  async stop(): Promise<void> {
    await this.#scheduler.stop()
    for (const end of this.#ends) await end()
  }
}

function newPool(connectionString: string, max: number, logger: Logger): Pool {
  const pool = new Pool({ connectionString, max })
  const onError = (error: Error): void => logger.warn('connection:lost', { error })
  // An error event that nobody hears ends the process: the pool's when a connection rests, else the connection's own.
  return pool.on('error', onError).on('connect', (client) => client.on('error', onError))
}

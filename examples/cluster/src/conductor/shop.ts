import { setTimeout } from 'node:timers/promises'
import { createScheduler, type Scheduler } from '@escapement/core'
import { dbStore, pgNotify } from '@escapement/store-db'
import { Client, type Pool } from 'pg'

/** Somewhat slower than two printers are, so that labels wait only while one of them is lost. Milliseconds. */
const BETWEEN_ORDERS_MS = 1_200

/** Another process than those that work: it has no handlers, is never started, enqueues labels and reads what became of all. */
export class Shop {
  readonly scheduler: Scheduler
  /** The executions of the labels. */
  readonly labels: string[] = []
  readonly #store: ReturnType<typeof dbStore>

  constructor(pool: Pool, databaseUrl: string, namespace: string) {
    this.#store = dbStore(pool, { notify: pgNotify(() => new Client({ connectionString: databaseUrl })) })
    this.scheduler = createScheduler({ jobs: [], store: this.#store, namespace })
  }

  /** Takes orders until the signal fires. */
  async takeOrders(signal: AbortSignal): Promise<void> {
    for (let order = 1; !signal.aborted; order++) {
      // The key makes it safe to ask again: an order gets one label, however often it is enqueued.
      const { id } = await this.scheduler.enqueue('label', { order }, { key: `order-${order}` })
      this.labels.push(id)
      await setTimeout(BETWEEN_ORDERS_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Resolves when all labels and the pulses in [from, to] have come to an end. Unix milliseconds of the server's clock. */
  async untilAllEnded(from: number, to: number): Promise<void> {
    const pulses = await this.scheduler.ticks('pulse', { from, to, limit: 10_000 })
    const ids = pulses.flatMap(({ executionId }) => executionId ?? [])
    await Promise.all([...this.labels, ...ids].map((id) => this.scheduler.wait(id, { timeout: '60s' })))
  }

  async close(): Promise<void> {
    await this.scheduler.stop()
    await this.#store.close()
  }
}

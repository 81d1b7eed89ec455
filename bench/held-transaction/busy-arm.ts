import { setImmediate } from 'node:timers/promises'
import { createScheduler, defineJob, type Scheduler } from '@escapement/core'
import { dbStore } from '@escapement/store-db'
import { Pool } from 'pg'

/** Executions that wait while an arm is busy. */
const BACKLOG = 2_000
const BATCH = 1_000

/** A scheduler on a database of its own that is busy when it is told to be. */
export class BusyArm implements AsyncDisposable {
  readonly #pool: Pool
  readonly #scheduler: Scheduler
  #enqueued = 0
  #settled = 0

  private constructor(pool: Pool, scheduler: Scheduler) {
    this.#pool = pool
    this.#scheduler = scheduler
    scheduler.on('execution:succeeded', () => void this.#settled++)
  }

  static async start(url: string): Promise<BusyArm> {
    const pool = new Pool({ connectionString: url })
    const job = defineJob({ name: 'bench.no-op', overlap: 'allow', run: () => null })
    const scheduler = createScheduler({ jobs: [job], store: dbStore(pool), concurrency: 20 })
    await scheduler.start()
    return new BusyArm(pool, scheduler)
  }

  /** Works for `ms` milliseconds and then off what is left; answers how many executions a second were settled. */
  async work(ms: number): Promise<number> {
    const [startedAt, before] = [performance.now(), this.#settled]
    while (performance.now() - startedAt < ms) {
      if (this.#enqueued - this.#settled < BACKLOG) await this.#enqueue()
      else await setImmediate()
    }
    while (this.#settled < this.#enqueued) await setImmediate()
    return ((this.#settled - before) * 1_000) / (performance.now() - startedAt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scheduler.stop()
    await this.#pool.end()
  }

  async #enqueue(): Promise<void> {
    await this.#scheduler.enqueueMany(
      'bench.no-op',
      Array.from({ length: BATCH }, (_, n) => ({ n })),
    )
    this.#enqueued += BATCH
  }
}

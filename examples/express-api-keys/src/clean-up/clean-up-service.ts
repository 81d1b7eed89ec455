import { setImmediate } from 'node:timers/promises'
import type { Database } from '../database/schema.ts'
import { REMINDER_RETENTION_MS } from '../reminders/reminder-retention.ts'

/** Rows that one statement touches at most: SQLite is synchronous, and other processes wait for its write lock. */
const BATCH = 500

/** How many rows were touched. */
export interface CleanUpCounts {
  readonly disabledKeys: number
  readonly deletedKeys: number
  readonly deletedReminders: number
  readonly deletedSessions: number
}

/** Removes what has had its time. */
export class CleanUpService {
  readonly #db: Database
  readonly #expiredKeyRetentionMs: number

  constructor(db: Database, expiredKeyRetentionMs: number) {
    this.#db = db
    this.#expiredKeyRetentionMs = expiredKeyRetentionMs
  }

  /**
   * Cleans up as of `now` (Unix milliseconds), in bounded batches. May be repeated and interrupted anywhere.
   *
   * @throws The signal's reason once it has fired.
   */
  async cleanUp(now: number, signal: AbortSignal): Promise<CleanUpCounts> {
    return {
      disabledKeys: await inBatches(signal, () => this.#disableKeys(now)),
      deletedKeys: await inBatches(signal, () => this.#deleteKeys(now - this.#expiredKeyRetentionMs)),
      deletedReminders: await inBatches(signal, () => this.#deleteReminders(now - REMINDER_RETENTION_MS)),
      deletedSessions: await inBatches(signal, () => this.#deleteSessions(now)),
    }
  }

  async #disableKeys(now: number): Promise<bigint> {
    const { numUpdatedRows } = await this.#db
      .updateTable('api_keys')
      .set({ disabled_at: now })
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('api_keys')
          .select('id')
          .where('expires_at', '<=', now)
          .where('disabled_at', 'is', null)
          .limit(BATCH),
      )
      .executeTakeFirst()
    return numUpdatedRows
  }

  async #deleteKeys(expiredBefore: number): Promise<bigint> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('api_keys')
      .where('id', 'in', (eb) =>
        eb.selectFrom('api_keys').select('id').where('expires_at', '<', expiredBefore).limit(BATCH),
      )
      .executeTakeFirst()
    return numDeletedRows
  }

  async #deleteReminders(createdBefore: number): Promise<bigint> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('reminders')
      .where('id', 'in', (eb) =>
        eb.selectFrom('reminders').select('id').where('created_at', '<', createdBefore).limit(BATCH),
      )
      .executeTakeFirst()
    return numDeletedRows
  }

  async #deleteSessions(now: number): Promise<bigint> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('sessions')
      .where('token_hash', 'in', (eb) =>
        eb.selectFrom('sessions').select('token_hash').where('expires_at', '<=', now).limit(BATCH),
      )
      .executeTakeFirst()
    return numDeletedRows
  }
}

/** Repeats `step` until it finds less than a full batch, letting the event loop turn in between. */
async function inBatches(signal: AbortSignal, step: () => Promise<bigint>): Promise<number> {
  let total = 0
  while (true) {
    signal.throwIfAborted()
    const touched = Number(await step())
    total += touched
    if (touched < BATCH) return total
    await setImmediate()
  }
}

import { setImmediate } from 'node:timers/promises'
import type { Database } from '../database/schema.ts'
import { REMINDER_RETENTION_MS } from '../reminders/reminder-retention.ts'

/**
 * Rows that one statement touches at most: SQLite is synchronous, and others wait for its lock on the file, or for a server's on
 * rows. They are looked up first, because MySQL has no LIMIT in a subquery.
 */
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

  async #disableKeys(now: number): Promise<number> {
    const found = await this.#db
      .selectFrom('api_keys')
      .select('id')
      .where('expires_at', '<=', now)
      .where('disabled_at', 'is', null)
      .limit(BATCH)
      .execute()
    // Asked once more: a key may have been rotated since.
    const { numUpdatedRows } = await this.#db
      .updateTable('api_keys')
      .set({ disabled_at: now })
      .where('id', 'in', idsOf(found))
      .where('expires_at', '<=', now)
      .where('disabled_at', 'is', null)
      .executeTakeFirst()
    return Number(numUpdatedRows)
  }

  async #deleteKeys(expiredBefore: number): Promise<number> {
    const found = await this.#db
      .selectFrom('api_keys')
      .select('id')
      .where('expires_at', '<', expiredBefore)
      .limit(BATCH)
      .execute()
    const { numDeletedRows } = await this.#db
      .deleteFrom('api_keys')
      .where('id', 'in', idsOf(found))
      .where('expires_at', '<', expiredBefore)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }

  async #deleteReminders(createdBefore: number): Promise<number> {
    const found = await this.#db
      .selectFrom('reminders')
      .select('id')
      .where('created_at', '<', createdBefore)
      .limit(BATCH)
      .execute()
    const { numDeletedRows } = await this.#db.deleteFrom('reminders').where('id', 'in', idsOf(found)).executeTakeFirst()
    return Number(numDeletedRows)
  }

  async #deleteSessions(now: number): Promise<number> {
    const found = await this.#db
      .selectFrom('sessions')
      .select('token_hash as id')
      .where('expires_at', '<=', now)
      .limit(BATCH)
      .execute()
    const { numDeletedRows } = await this.#db
      .deleteFrom('sessions')
      .where('token_hash', 'in', idsOf(found))
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}

/** Kysely writes an empty list as `IN ()`, which only SQLite takes: a list with an id that nothing has finds as little. */
function idsOf(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.length === 0 ? [''] : rows.map(({ id }) => id)
}

/** Repeats `step` until it finds less than a full batch, letting the event loop turn in between. */
async function inBatches(signal: AbortSignal, step: () => Promise<number>): Promise<number> {
  let total = 0
  while (true) {
    signal.throwIfAborted()
    const touched = await step()
    total += touched
    if (touched < BATCH) return total
    await setImmediate()
  }
}

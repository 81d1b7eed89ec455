import { durationMs, type Runtime } from '@escapement/base'
import { insertNewReminders } from '../database/portable-sql.ts'
import type { Database, ReminderKind } from '../database/schema.ts'
import { REMINDER_RETENTION_MS } from './reminder-retention.ts'
import type { Reminder, ReminderClient } from './reminder-client.ts'

/** How long before its expiry a key's owner is reminded. */
const SOON_MS = durationMs('7d', 'reminder')
const BATCH = 500
const AT_ONCE = 10

/** What became of the reminders that were due. */
export interface ReminderCounts {
  readonly total: number
  readonly sent: number
  readonly failed: number
}

/**
 * Reminds owners of keys that expire soon or have expired, of each at most once. A reminder is written down as `pending`
 * before it is sent and as `sent` afterwards; one that was sent but not yet marked when its process died is sent again
 * under the same id, which the receiver knows.
 */
export class ReminderService {
  readonly #db: Database
  readonly #client: ReminderClient
  readonly #runtime: Pick<Runtime, 'now' | 'id'>

  constructor(db: Database, client: ReminderClient, runtime: Pick<Runtime, 'now' | 'id'>) {
    this.#db = db
    this.#client = client
    this.#runtime = runtime
  }

  /**
   * Sends what is due now. A reminder that fails stays pending for the next time and stops no other.
   *
   * @param onFailed - Told of each failure.
   * @throws The signal's reason once it has fired.
   */
  async sendDue(signal: AbortSignal, onFailed: (reminder: Reminder, error: unknown) => void): Promise<ReminderCounts> {
    // The time of sending, not of the tick: a late run must not announce what has long happened.
    const now = this.#runtime.now()
    await this.#note('expires-soon', now, now + SOON_MS, signal)
    // Not longer back than reminders are kept: nobody would remember any more that it was sent.
    await this.#note('expired', now - REMINDER_RETENTION_MS, now, signal)
    let sent = 0
    let failed = 0
    const deliver = async (reminder: Reminder): Promise<void> => {
      const error = await this.#trySend(reminder, signal)
      if (error === undefined) {
        await this.#markSent(reminder.id)
        sent++
      } else if (!signal.aborted) {
        await this.#markFailed(reminder.id, error)
        failed++
        onFailed(reminder, error)
      }
    }
    for await (const batch of this.#pending(now)) {
      await Promise.all(batch.map(deliver))
      signal.throwIfAborted()
    }
    return { total: sent + failed, sent, failed }
  }

  /** Writes down reminders for keys that expire in (after, until], unless that was done before. */
  async #note(kind: ReminderKind, after: number, until: number, signal: AbortSignal): Promise<void> {
    while (true) {
      signal.throwIfAborted()
      const keys = await this.#db
        .selectFrom('api_keys')
        .leftJoin('reminders', (join) =>
          join
            .onRef('reminders.key_id', '=', 'api_keys.id')
            .onRef('reminders.expires_at', '=', 'api_keys.expires_at')
            .on('reminders.kind', '=', kind),
        )
        .select(['api_keys.id', 'api_keys.expires_at'])
        .where('api_keys.expires_at', '>', after)
        .where('api_keys.expires_at', '<=', until)
        .where('api_keys.revoked_at', 'is', null)
        .where('reminders.id', 'is', null)
        .$narrowType<{ expires_at: number }>()
        .limit(BATCH)
        .execute()
      if (keys.length === 0) return
      const rows = keys.map((key) => ({
        id: this.#runtime.id(),
        key_id: key.id,
        kind,
        expires_at: key.expires_at,
        state: 'pending' as const,
        created_at: this.#runtime.now(),
        sent_at: null,
        error: null,
      }))
      await insertNewReminders(this.#db, rows)
    }
  }

  /** Pending reminders that still tell the truth: not of keys that were revoked, extended or deleted since. */
  async *#pending(now: number): AsyncGenerator<Reminder[]> {
    let after = ''
    while (true) {
      const batch = await this.#db
        .selectFrom('reminders')
        .innerJoin('api_keys', (join) =>
          join
            .onRef('api_keys.id', '=', 'reminders.key_id')
            .onRef('api_keys.expires_at', '=', 'reminders.expires_at')
            .on('api_keys.revoked_at', 'is', null),
        )
        .select([
          'reminders.id',
          'kind',
          'key_id as keyId',
          'name as keyName',
          'owner',
          'reminders.expires_at as expiresAt',
        ])
        .where('state', '=', 'pending')
        .where((eb) => eb.or([eb('kind', '=', 'expired'), eb('reminders.expires_at', '>', now)]))
        .where('reminders.id', '>', after)
        .orderBy('reminders.id')
        .limit(AT_ONCE)
        .execute()
      const last = batch.at(-1)
      if (last === undefined) return
      after = last.id
      yield batch
    }
  }

  async #trySend(reminder: Reminder, signal: AbortSignal): Promise<unknown> {
    try {
      await this.#client.send(reminder, signal)
      return undefined
    } catch (error) {
      return error
    }
  }

  async #markSent(id: string): Promise<void> {
    const sent_at = this.#runtime.now()
    await this.#db.updateTable('reminders').set({ state: 'sent', sent_at, error: null }).where('id', '=', id).execute()
  }

  async #markFailed(id: string, error: unknown): Promise<void> {
    const text = error instanceof Error ? error.message : String(error)
    await this.#db
      .updateTable('reminders')
      .set({ error: text.slice(0, 500) })
      .where('id', '=', id)
      .execute()
  }
}

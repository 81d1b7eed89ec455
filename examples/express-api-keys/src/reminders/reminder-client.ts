import type { ReminderKind } from '../database/schema.ts'
import { callService } from '../outbound/call-service.ts'

/** What the receiver of reminders gets. */
export interface Reminder {
  readonly id: string
  readonly kind: ReminderKind
  readonly keyId: string
  readonly keyName: string
  readonly owner: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** Sends reminders to a webhook. */
export class ReminderClient {
  readonly #url: URL
  readonly #timeoutMs: number

  constructor(url: URL, timeoutMs: number) {
    this.#url = url
    this.#timeoutMs = timeoutMs
  }

  /**
   * Delivers one reminder. Its id goes along as `Idempotency-Key`: whoever receives the same one twice, because the first
   * answer was lost, has to act once.
   *
   * @throws {@link ServiceError} when the receiver is down, slow or refuses: it may or may not have got it.
   */
  async send(reminder: Reminder, signal: AbortSignal): Promise<void> {
    await callService({
      service: 'webhook',
      url: this.#url,
      method: 'POST',
      headers: { 'idempotency-key': reminder.id },
      body: reminder,
      timeoutMs: this.#timeoutMs,
      signal,
    })
  }
}

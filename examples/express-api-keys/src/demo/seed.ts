import { durationMs } from '@escapement/base'
import type { ApiKeyRow, Database, ReminderRow, SessionRow } from '../database/schema.ts'
import { hashSecret, newSecret } from '../keys/secret.ts'

const SECOND = 1_000
const DAY = durationMs('1d', 'day')

/** The ids of keys that are in use. */
export interface Seeded {
  readonly active: readonly string[]
  /** A key whose reminder falls due at once. */
  readonly expiringSoon: string
}

/** Fills the database so that every job finds something to do from now on, a little more each few seconds. */
export async function seed(db: Database, now: number): Promise<Seeded> {
  const keys = [
    ...Array.from({ length: 20 }, (_, n) => key(`service-${n + 1}`, now, null)),
    ...Array.from({ length: 6 }, (_, n) => key(`expires-this-week-${n + 1}`, now, now + (n + 1) * DAY)),
    ...Array.from({ length: 60 }, (_, n) =>
      key(`enters-its-last-week-${n + 1}`, now, now + 7 * DAY + (n + 1) * 4 * SECOND),
    ),
    ...Array.from({ length: 30 }, (_, n) => key(`expires-now-${n + 1}`, now, now + (n + 1) * 8 * SECOND)),
    ...Array.from({ length: 5 }, (_, n) => key(`expired-${n + 1}`, now, now - (n + 1) * DAY)),
    ...Array.from({ length: 12 }, (_, n) => key(`expired-long-ago-${n + 1}`, now, now - (91 + n) * DAY)),
  ]
  const sessions = Array.from({ length: 100 }, (_, n) => session(now, now + (n + 1) * 3 * SECOND))
  const reminders = Array.from({ length: 9 }, (_, n) => oldReminder(n, now - (91 + n) * DAY))
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('api_keys').values(keys).execute()
    await trx.insertInto('sessions').values(sessions).execute()
    await trx.insertInto('reminders').values(reminders).execute()
  })
  return { active: keys.slice(0, 20).map(({ id }) => id), expiringSoon: keys[20]?.id ?? '' }
}

function key(name: string, now: number, expiresAt: number | null): ApiKeyRow {
  const secret = newSecret('sk')
  return {
    id: `key-${name}`,
    owner: 'demo',
    name,
    secret_hash: hashSecret(secret),
    hint: secret.slice(0, 9),
    created_at: Math.min(now, expiresAt ?? now) - 30 * DAY,
    rotated_at: null,
    expires_at: expiresAt,
    disabled_at: null,
    revoked_at: null,
  }
}

function session(now: number, expiresAt: number): SessionRow {
  return { token_hash: hashSecret(newSecret('session')), user: 'demo', created_at: now, expires_at: expiresAt }
}

function oldReminder(number: number, sentAt: number): ReminderRow {
  return {
    id: `reminder-${number}`,
    key_id: `key-gone-${number}`,
    kind: 'expired',
    expires_at: sentAt,
    state: 'sent',
    created_at: sentAt,
    sent_at: sentAt,
    error: null,
  }
}

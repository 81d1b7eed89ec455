import type { Kysely } from 'kysely'

/** A row of `api_keys`. Instants in Unix milliseconds. */
export interface ApiKeyRow {
  id: string
  owner: string
  name: string
  secret_hash: string
  hint: string
  created_at: number
  rotated_at: number | null
  expires_at: number | null
  disabled_at: number | null
  revoked_at: number | null
}

/** A row of `sessions`. */
export interface SessionRow {
  token_hash: string
  user: string
  created_at: number
  expires_at: number
}

/** Why a reminder is sent. */
export type ReminderKind = 'expires-soon' | 'expired'

/** A row of `reminders`. */
export interface ReminderRow {
  id: string
  key_id: string
  kind: ReminderKind
  expires_at: number
  state: 'pending' | 'sent'
  created_at: number
  sent_at: number | null
  error: string | null
}

/** A row of `usage_totals`. */
export interface UsageTotalRow {
  key_id: string
  requests: number
  last_used_at: number
}

/** The one row of `usage_cursor`. */
interface UsageCursorRow {
  id: 1
  position: number
  synced_at: number | null
}

/** The application's tables, as the files `schema.*.sql` make them. */
export interface Schema {
  api_keys: ApiKeyRow
  sessions: SessionRow
  reminders: ReminderRow
  usage_totals: UsageTotalRow
  usage_cursor: UsageCursorRow
}

/** The application's database. */
export type Database = Kysely<Schema>

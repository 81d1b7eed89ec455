import type { ApiKeyRow, UsageTotalRow } from '../database/schema.ts'

/** Whether a key opens anything: only `active` ones do. */
export type ApiKeyState = 'active' | 'expired' | 'revoked'

/** An API key as its owner sees it. Instants in Unix milliseconds; null: never, or not yet. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  /** The first characters of the secret. */
  readonly hint: string
  readonly state: ApiKeyState
  readonly createdAt: number
  readonly rotatedAt: number | null
  readonly expiresAt: number | null
  /** Requests made with it, as of the last usage sync. */
  readonly requests: number
  readonly lastUsedAt: number | null
}

/** A key and its secret, which nobody can read again. */
export interface ApiKeyWithSecret {
  readonly key: ApiKey
  readonly secret: string
}

/** A row of `api_keys` beside its row of `usage_totals`, if there is one. */
export type ApiKeyWithUsageRow = ApiKeyRow & {
  [Field in keyof Omit<UsageTotalRow, 'key_id'>]: UsageTotalRow[Field] | null
}

/** Reads a row as of `now`. */
export function toApiKey(row: ApiKeyWithUsageRow, now: number): ApiKey {
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    state: stateOf(row, now),
    createdAt: row.created_at,
    rotatedAt: row.rotated_at,
    expiresAt: row.expires_at,
    requests: row.requests ?? 0,
    lastUsedAt: row.last_used_at,
  }
}

/** An expired key is refused from that instant on, not only when the clean-up has disabled it. */
export function stateOf(row: Pick<ApiKeyRow, 'revoked_at' | 'disabled_at' | 'expires_at'>, now: number): ApiKeyState {
  if (row.revoked_at !== null) return 'revoked'
  const hasExpired = row.expires_at !== null && row.expires_at <= now
  return row.disabled_at !== null || hasExpired ? 'expired' : 'active'
}

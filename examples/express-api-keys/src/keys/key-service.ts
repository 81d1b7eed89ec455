import type { Runtime } from '@escapement/base'
import type { SelectQueryBuilder } from 'kysely'
import type { Database, Schema } from '../database/schema.ts'

import { type ApiKey, type ApiKeyWithSecret, type ApiKeyWithUsageRow, stateOf, toApiKey } from './api-key.ts'
import { KeyRefusedError } from './key-refused-error.ts'
import { hashSecret, newSecret } from './secret.ts'

const HINT_LENGTH = 9

/** What an owner does with API keys. A key of someone else is as unknown as one that does not exist. */
export class KeyService {
  readonly #db: Database
  readonly #runtime: Pick<Runtime, 'now' | 'id'>

  constructor(db: Database, runtime: Pick<Runtime, 'now' | 'id'>) {
    this.#db = db
    this.#runtime = runtime
  }

  /** Makes a key; its secret is in this answer and nowhere else. */
  async create(owner: string, name: string, expiresAt: number | null): Promise<ApiKeyWithSecret> {
    const now = this.#runtime.now()
    refusePast(expiresAt, now)
    const secret = newSecret('sk')
    const row = {
      id: this.#runtime.id(),
      owner,
      name,
      secret_hash: hashSecret(secret),
      hint: secret.slice(0, HINT_LENGTH),
      created_at: now,
      rotated_at: null,
      expires_at: expiresAt,
      disabled_at: null,
      revoked_at: null,
    }
    await this.#db.insertInto('api_keys').values(row).execute()
    return { key: toApiKey({ ...row, requests: null, last_used_at: null }, now), secret }
  }

  /** Up to `limit` keys, oldest first, behind the key `after`. */
  async list(owner: string, limit: number, after: string | undefined): Promise<ApiKey[]> {
    const now = this.#runtime.now()
    const rows = await this.#keysOf(owner)
      .where('id', '>', after ?? '')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map((row) => toApiKey(row, now))
  }

  /**
   * Gives a key a new secret, and a new expiry unless that is left out; the old secret stops working at once.
   *
   * @throws {@link KeyRefusedError} when the key is unknown, revoked, or would have expired already.
   */
  async rotate(owner: string, id: string, expiresAt: number | null | undefined): Promise<ApiKeyWithSecret> {
    const now = this.#runtime.now()
    const secret = newSecret('sk')
    return await this.#db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom('api_keys')
        .selectAll()
        .where('owner', '=', owner)
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) throw new KeyRefusedError('unknown', `no API key ${id}`)
      if (row.revoked_at !== null) throw new KeyRefusedError('conflict', `API key ${id} is revoked; create a new one`)
      const newExpiry = expiresAt === undefined ? row.expires_at : expiresAt
      refusePast(newExpiry, now)
      const change = {
        secret_hash: hashSecret(secret),
        hint: secret.slice(0, HINT_LENGTH),
        rotated_at: now,
        expires_at: newExpiry,
        disabled_at: null,
      }
      await trx.updateTable('api_keys').set(change).where('id', '=', id).execute()
      const usage = await trx.selectFrom('usage_totals').selectAll().where('key_id', '=', id).executeTakeFirst()
      const { requests = null, last_used_at = null } = usage ?? {}
      return { key: toApiKey({ ...row, ...change, requests, last_used_at }, now), secret }
    })
  }

  /** Ends a key for good. Idempotent. @throws {@link KeyRefusedError} when the key is unknown. */
  async revoke(owner: string, id: string): Promise<void> {
    const { numUpdatedRows } = await this.#db
      .updateTable('api_keys')
      .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(this.#runtime.now())) }))
      .where('owner', '=', owner)
      .where('id', '=', id)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new KeyRefusedError('unknown', `no API key ${id}`)
  }

  /** The active key that a secret opens, or null. */
  async authenticate(secret: string): Promise<{ readonly id: string; readonly owner: string } | null> {
    const row = await this.#db
      .selectFrom('api_keys')
      .select(['id', 'owner', 'expires_at', 'disabled_at', 'revoked_at'])
      .where('secret_hash', '=', hashSecret(secret))
      .executeTakeFirst()
    if (row === undefined || stateOf(row, this.#runtime.now()) !== 'active') return null
    return { id: row.id, owner: row.owner }
  }

  #keysOf(owner: string): SelectQueryBuilder<Schema, 'api_keys', ApiKeyWithUsageRow> {
    return this.#db
      .selectFrom('api_keys')
      .leftJoin('usage_totals', 'usage_totals.key_id', 'api_keys.id')
      .selectAll('api_keys')
      .select(['usage_totals.requests', 'usage_totals.last_used_at'])
      .where('owner', '=', owner)
  }
}

function refusePast(expiresAt: number | null, now: number): void {
  if (expiresAt !== null && expiresAt <= now) {
    throw new KeyRefusedError(
      'invalid',
      `expiresAt ${new Date(expiresAt).toISOString()} has passed; give a later one, or null for never`,
    )
  }
}

import type { Runtime } from '@escapement/base'
import { sql, type Transaction } from 'kysely'
import type { Database, Schema } from '../database/schema.ts'
import type { UsageClient, UsageRecord } from './usage-client.ts'

/** The most records that one sync takes over, so that memory and the transaction stay bounded; the next one goes on. */
const MOST_RECORDS = 20_000

/** What a sync did. */
export interface SyncResult {
  /** Records read. */
  readonly records: number
  /** Keys whose figures changed. */
  readonly keys: number
  /** Records of keys that do not exist here (any more). */
  readonly unknown: number
  /** The position behind the last record. */
  readonly position: number
  /** Whether more was waiting than one sync takes over. */
  readonly hasMore: boolean
}

/** Keeps local figures of how keys are used. */
export class UsageService {
  readonly #db: Database
  readonly #client: UsageClient
  readonly #runtime: Pick<Runtime, 'now'>

  constructor(db: Database, client: UsageClient, runtime: Pick<Runtime, 'now'>) {
    this.#db = db
    this.#client = client
    this.#runtime = runtime
  }

  /**
   * Adds what was used since the last sync: first everything is read, then everything is written in one transaction.
   *
   * @throws {@link ServiceError} when the upstream fails on any page; the figures are then as they were.
   */
  async sync(signal: AbortSignal): Promise<SyncResult> {
    const { position: from } = await this.#db.selectFrom('usage_cursor').select('position').executeTakeFirstOrThrow()
    const records: UsageRecord[] = []
    let position = from
    let hasMore = true
    while (hasMore && records.length < MOST_RECORDS) {
      const page = await this.#client.readAfter(position, signal)
      records.push(...page.records)
      position = page.records.at(-1)?.sequence ?? position
      hasMore = page.hasMore
    }
    signal.throwIfAborted()
    return await this.#db.transaction().execute(async (trx) => {
      await this.#advance(trx, from, position)
      return { records: records.length, ...(await addUp(trx, records)), position, hasMore }
    })
  }

  /** The cursor is the fence: a sync that was overtaken, by whatever accident, finds it moved and changes nothing. */
  async #advance(trx: Transaction<Schema>, from: number, to: number): Promise<void> {
    const { numUpdatedRows } = await trx
      .updateTable('usage_cursor')
      .set({ position: to, synced_at: this.#runtime.now() })
      .where('position', '=', from)
      .executeTakeFirst()
    if (numUpdatedRows === 0n)
      throw new Error(`another usage sync has moved the cursor on from ${from}; nothing was changed`)
  }
}

/** One statement for all keys: thousands of small ones in a row would block the event loop. */
async function addUp(
  trx: Transaction<Schema>,
  records: readonly UsageRecord[],
): Promise<{ keys: number; unknown: number }> {
  const used = [...Map.groupBy(records, ({ keyId }) => keyId)].map(([keyId, ofKey]) => ({
    keyId,
    requests: ofKey.reduce((sum, { requests }) => sum + requests, 0),
    lastUsedAt: ofKey.reduce((latest, { at }) => Math.max(latest, at), 0),
  }))
  const { rows } = await sql<{ key_id: string }>`
    INSERT INTO usage_totals (key_id, requests, last_used_at)
    SELECT api_keys.id, used.value ->> 'requests', used.value ->> 'lastUsedAt'
    FROM json_each(${JSON.stringify(used)}) AS used JOIN api_keys ON api_keys.id = used.value ->> 'keyId'
    WHERE true
    ON CONFLICT (key_id) DO UPDATE SET
      requests = requests + excluded.requests,
      last_used_at = max(last_used_at, excluded.last_used_at)
    RETURNING key_id`.execute(trx)
  const known = new Set(rows.map(({ key_id }) => key_id))
  return { keys: known.size, unknown: records.filter(({ keyId }) => !known.has(keyId)).length }
}

import type { Runtime } from '@escapement/base'
import type { Transaction } from 'kysely'
import { addUsage } from '../database/portable-sql.ts'
import type { Database, Schema } from '../database/schema.ts'
import type { UsageClient, UsageRecord } from './usage-client.ts'

/** The most records that one sync takes over, so that memory and the transaction stay bounded; the next one goes on. */
const MOST_RECORDS = 20_000
const BATCH = 500

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

/** A few hundred keys a statement: one for each would take long, and block the event loop on SQLite. */
async function addUp(
  trx: Transaction<Schema>,
  records: readonly UsageRecord[],
): Promise<{ keys: number; unknown: number }> {
  const used = [...Map.groupBy(records, ({ keyId }) => keyId)].map(([key_id, ofKey]) => ({
    key_id,
    requests: ofKey.reduce((sum, { requests }) => sum + requests, 0),
    last_used_at: ofKey.reduce((latest, { at }) => Math.max(latest, at), 0),
  }))
  const known = new Set<string>()
  for (let from = 0; from < used.length; from += BATCH) {
    const batch = used.slice(from, from + BATCH)
    const ids = batch.map(({ key_id }) => key_id)
    const found = await trx.selectFrom('api_keys').select('id').where('id', 'in', ids).execute()
    for (const { id } of found) known.add(id)
    const ofKnown = batch.filter(({ key_id }) => known.has(key_id))
    if (ofKnown.length > 0) await addUsage(trx, ofKnown)
  }
  return { keys: known.size, unknown: records.filter(({ keyId }) => !known.has(keyId)).length }
}

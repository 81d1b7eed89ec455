import type { ServerConnection, ServerDriver } from '../server/server-driver.ts'
import { type PostgresClient, type PostgresPool, placeOfPostgresPool } from './postgres-pool.ts'

const ignore = (): void => undefined

/** Pools and clients that are listened to: once each, however many handles are made of a pool and how few of them last. */
const heard = new WeakSet<PostgresPool | PostgresClient>()

/** Lends clients of a `pg.Pool`. Statements are named, so that each session plans a text once. */
export class PostgresPoolDriver implements ServerDriver {
  readonly place: string
  readonly #pool: PostgresPool
  readonly #isNaming: boolean

  /** @param isNaming - Whether statements are named: not behind a pooler that does not track them. */
  constructor(pool: PostgresPool, isNaming: boolean) {
    this.place = placeOfPostgresPool(pool)
    this.#pool = pool
    this.#isNaming = isNaming
    if (heard.has(pool)) return
    heard.add(pool)
    // The pool replaces an idle client that breaks; an error event without a listener would end the process.
    pool.on('error', ignore)
    // The news of its end may come with those that it is ready, before it is lent.
    pool.on('connect', hear)
  }

  async lend<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    hear(client) // which may be older than this driver
    let isReleased = false
    const release = (discard: boolean): void => {
      if (isReleased) return
      isReleased = true
      client.release(discard)
    }
    try {
      return await work({
        run: async ({ text, name }, values) => {
          const named = this.#isNaming ? { name } : {}
          const { rows, rowCount } = await client.query({ text, values: values as unknown[], ...named })
          return { rows, affected: rowCount ?? 0, insertId: null }
        },
        exec: async (text) => void (await client.query({ text })),
        discard: () => release(true),
      })
    } finally {
      release(false)
    }
  }
}

/** The pool does not listen while a client is lent; the query rejects as well. */
function hear(client: PostgresClient): void {
  if (heard.has(client)) return
  heard.add(client)
  client.on('error', ignore)
}

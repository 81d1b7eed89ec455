import { type JobStore, memoryStore } from '@escapement/core'
import { dbStore, pgNotify, sqliteStore } from '@escapement/store-db'
import { createPool } from 'mysql2/promise'
import { Client, Pool } from 'pg'

/** Where a scheduler keeps its jobs; goes to other processes as JSON. */
export type StorePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres' | 'mariadb'; readonly url: string }

/** A store, and the connections that it was given. */
export interface PlacedStore extends AsyncDisposable {
  readonly store: JobStore
}

/** How many connections the pools of a server may open at most. */
export interface PoolSizes {
  readonly pool: number
  readonly control: number
}

/** Opens the store as the documentation says for production: a pool, a control pool, and on PostgreSQL a session that listens. */
export function openPlace(place: StorePlace, sizes: PoolSizes = { pool: 10, control: 2 }): PlacedStore {
  switch (place.kind) {
    case 'memory':
      return placed(memoryStore(), [])
    case 'sqlite':
      return placed(sqliteStore(place.path), [])
    case 'postgres': {
      const settings = { connectionString: place.url }
      const pool = new Pool({ ...settings, max: sizes.pool })
      const control = new Pool({ ...settings, max: sizes.control })
      const notify = pgNotify(() => new Client(settings))
      return placed(dbStore(pool, { control, notify }), [pool, control])
    }
    case 'mariadb': {
      const pool = createPool({ uri: place.url, connectionLimit: sizes.pool })
      const control = createPool({ uri: place.url, connectionLimit: sizes.control })
      return placed(dbStore(pool, { control }), [pool, control])
    }
  }
}

function placed(store: JobStore, pools: readonly { end(): Promise<void> }[]): PlacedStore {
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

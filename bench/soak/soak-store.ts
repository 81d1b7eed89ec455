import type { JobStore } from '@escapement/core'
import { dbStore, sqliteStore } from '@escapement/store-db'
import { pgNotify } from '@escapement/db'
import { createPool } from 'mysql2'
import { Client, Pool } from 'pg'
import type { SoakAddress } from './soak-address.ts'

/** Connections of one process for all, and those for heartbeats and results alone. */
const POOL = 8
const CONTROL = 2

/** The store of one process, as an application makes it. */
export interface SoakStore {
  readonly store: JobStore
  /** Closes the store, and ends the pools under it. */
  close(): Promise<void>
}

/** Opens the database under test as the docs tell applications to, with nothing that hides a failure. */
export function soakStore({ kind, url }: SoakAddress): SoakStore {
  if (kind === 'sqlite') {
    const store = sqliteStore(url)
    return { store, close: () => store.close() }
  }
  return kind === 'postgres' ? postgresStore(url) : mysqlStore(url)
}

function postgresStore(url: string): SoakStore {
  const pool = new Pool({ connectionString: url, max: POOL })
  const control = new Pool({ connectionString: url, max: CONTROL })
  const notify = pgNotify(() => new Client({ connectionString: url }))
  const store = dbStore(pool, { control, notify })
  const close = async (): Promise<void> => {
    await store.close()
    await Promise.all([pool.end(), control.end()])
  }
  return { store, close }
}

function mysqlStore(url: string): SoakStore {
  const pool = createPool({ uri: url, connectionLimit: POOL })
  const control = createPool({ uri: url, connectionLimit: CONTROL })
  const store = dbStore(pool, { control })
  const close = async (): Promise<void> => {
    await store.close()
    await Promise.all([pool.promise().end(), control.promise().end()])
  }
  return { store, close }
}

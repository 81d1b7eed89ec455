import type { DatabaseKind } from '@escapement/testkit/servers'
import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { afterAll } from 'vitest'
import { openServer, type OpenServerOptions, type ServerDatabase, type ServerSource } from '../../src/index.ts'

/** How the tests of one `describe` reach their server; what they open is closed afterwards. */
export interface Opener {
  pool(url: string, size?: number): ServerSource
  kysely(url: string): ServerSource
  /** Ends a bare pool before its time. */
  close(pool: ServerSource): Promise<void>
  open(url: string, options?: OpenServerOptions): ServerDatabase
}

/** Pools of `pg` or `mysql2`, bare or under a Kysely, that end with the `describe` that calls this. */
export function openerFor(kind: DatabaseKind): Opener {
  const ends = new Map<object, () => Promise<unknown>>()
  const close = async (pool: object): Promise<void> => {
    const end = ends.get(pool)
    ends.delete(pool)
    await end?.()
  }
  afterAll(() => Promise.all([...ends.keys()].map((pool) => close(pool))))
  const postgresPool = (url: string, size: number): Pool => {
    const pool = new Pool({ connectionString: url, max: size })
    // What a host that passes a Kysely has to do itself: an error event that nobody hears ends the process.
    pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
    ends.set(pool, () => pool.end())
    return pool
  }
  const mysqlPool = (url: string, size: number): ReturnType<typeof createPool> => {
    const pool = createPool({ uri: url, connectionLimit: size })
    // It complains of connections that a test has broken.
    ends.set(pool, () =>
      pool
        .promise()
        .end()
        .catch(() => undefined),
    )
    return pool
  }
  const pool = (url: string, size = 4): ServerSource =>
    kind === 'postgres' ? postgresPool(url, size) : mysqlPool(url, size)
  const kysely = (url: string): ServerSource =>
    new Kysely<unknown>({
      dialect:
        kind === 'postgres'
          ? new PostgresDialect({ pool: postgresPool(url, 4) })
          : new MysqlDialect({ pool: mysqlPool(url, 4) }),
    })
  return { pool, kysely, close, open: (url, options) => openServer(pool(url), options) }
}

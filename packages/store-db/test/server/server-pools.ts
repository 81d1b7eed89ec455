import { openServer, type ServerDatabase, type ServerSource } from '@escapement/db'
import type { DatabaseKind } from '@escapement/testkit/servers'
import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { afterAll } from 'vitest'

/** How the tests of one `describe` reach their server; what they open ends with it. */
export interface Sources {
  pool(url: string, size?: number): ServerSource
  kysely(url: string): Kysely<unknown>
}

/** Pools of `pg` or `mysql2`, bare or under a Kysely. */
export function sourcesFor(kind: DatabaseKind): Sources {
  const ends: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(ends.splice(0).map((end) => end())))
  const postgres = (url: string, size: number): Pool => {
    const pool = new Pool({ connectionString: url, max: size })
    // What a host that passes a Kysely has to do itself: an error event that nobody hears ends the process.
    pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
    ends.push(() => pool.end())
    return pool
  }
  const mysql = (url: string, size: number): ReturnType<typeof createPool> => {
    const pool = createPool({ uri: url, connectionLimit: size })
    ends.push(
      () =>
        pool
          .promise()
          .end()
          .catch(() => undefined), // it complains of connections that a test has broken
    )
    return pool
  }
  return {
    pool: (url, size = 4) => (kind === 'postgres' ? postgres(url, size) : mysql(url, size)),
    kysely: (url) =>
      new Kysely<unknown>({
        dialect:
          kind === 'postgres'
            ? new PostgresDialect({ pool: postgres(url, 4) })
            : new MysqlDialect({ pool: mysql(url, 4) }),
      }),
  }
}

/** Opens databases of one kind of server. */
export function openerFor(kind: DatabaseKind): (url: string) => ServerDatabase {
  const sources = sourcesFor(kind)
  return (url) => openServer(sources.pool(url))
}

import type { DatabaseKind } from '@escapement/testkit/servers'
import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool, type Pool as MysqlPool } from 'mysql2'
import { Pool as PostgresPool } from 'pg'

/** A pool of the host's, bare and under a Kysely; both end together. */
export interface ServerPool<Tables> extends AsyncDisposable {
  readonly pool: PostgresPool | MysqlPool
  readonly kysely: Kysely<Tables>
}

/** Opens a pool as hosts do. */
export function serverPool<Tables = object>(kind: DatabaseKind, url: string, size: number = 4): ServerPool<Tables> {
  if (kind === 'postgres') {
    const pool = new PostgresPool({ connectionString: url, max: size })
    // What a host that passes a Kysely has to do itself: an error event that nobody hears ends the process.
    pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
    const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
    return { pool, kysely, [Symbol.asyncDispose]: () => pool.end() }
  }
  const pool = createPool({ uri: url, connectionLimit: size })
  const kysely = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })
  // It complains of connections that a test has broken.
  const end = (): Promise<void> =>
    pool
      .promise()
      .end()
      .catch(() => undefined)
  return { pool, kysely, [Symbol.asyncDispose]: end }
}

import { LockFactory } from '@verrou/core'
import { kyselyStore } from '@verrou/core/drivers/kysely'
import { redisStore } from '@verrou/core/drivers/redis'
import { Redis } from 'ioredis'
import { type Dialect, Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import type { LockContender, OpenLock } from '../lock-contender.ts'
import { PEER_POLL_MS, peerLock } from './peer-lock.ts'

/** Verrou on Redis. */
export const verrouOnRedis: LockContender = peerLock('@verrou/core', {
  backend: 'Redis',
  waits: true,
  endsWith: 'lease',
  settings: `\`retry.delay: ${PEER_POLL_MS}\` (default 250), on databases by Kysely; nothing renews`,
  open: async (url) => {
    const client = new Redis(url)
    return asLock(redisStore({ connection: client }).factory(), async () => void (await client.quit()))
  },
})

/** Verrou on PostgreSQL. */
export const verrouOnPostgres: LockContender = peerLock('@verrou/core', {
  backend: 'PostgreSQL',
  waits: true,
  endsWith: 'lease',
  open: async (url) => onKysely(new PostgresDialect({ pool: new Pool({ connectionString: url }) })),
})

/** Verrou on MariaDB. */
export const verrouOnMariadb: LockContender = peerLock('@verrou/core', {
  backend: 'MariaDB',
  waits: false,
  endsWith: 'lease',
  settings: 'on MariaDB only uncontended, since its `acquire` rejects with ER_LOCK_DEADLOCK when several wait',
  open: async (url) => onKysely(new MysqlDialect({ pool: createPool(url) })),
})

function onKysely(dialect: Dialect): OpenLock {
  const db = new Kysely<unknown>({ dialect })
  return asLock(kyselyStore({ connection: db }).factory(), () => db.destroy())
}

function asLock(store: ConstructorParameters<typeof LockFactory>[0], close: () => Promise<void>): OpenLock {
  const factory = new LockFactory(store, { retry: { delay: PEER_POLL_MS } })
  return {
    acquire: async (key, ttlMs) => {
      const lock = factory.createLock(`verrou:${key}`, ttlMs)
      if (!(await lock.acquire())) throw new Error(`Verrou did not get ${key}`)
      return () => lock.release()
    },
    [Symbol.asyncDispose]: close,
  }
}

import type { MutexManager } from '@escapement/core'
import { dbMutex, pgNotify } from '@escapement/lock-db'
import { etcdMutex } from '@escapement/lock-etcd'
import { redisMutex } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import { createTestDatabase, type ServerKind, type ServerProcess } from '@escapement/testkit/servers'
import { Etcd3 } from 'etcd3'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2'
import { Client, Pool } from 'pg'
import { startOwnServer } from '../harness/own-server.ts'

/** Connections of a host's pool: as many after an outage as before it, since none is closed for being idle. */
const POOL = 4

/** A mutex on a server of its own, which can be stopped. */
export interface OutagePlace extends AsyncDisposable {
  readonly server: ServerProcess
  /** Where the server listens on loopback. */
  readonly port: number
  readonly mutex: MutexManager
  /** Locks that somebody has at the server; asked over a connection that is closed again. */
  liveLocks(): Promise<number>
}

interface OpenMutex {
  readonly mutex: MutexManager
  readonly close: () => Promise<unknown>
  readonly liveLocks: () => Promise<number>
}

/** A server on which an outage is tried. */
export type OutageKind = Extract<ServerKind, 'postgres' | 'mariadb' | 'redis' | 'etcd'>

const OPENERS: Readonly<Record<OutageKind, (url: string) => Promise<OpenMutex>>> = {
  postgres: onPostgres,
  mariadb: onMariadb,
  redis: onRedis,
  etcd: onEtcd,
}

/** All of them. */
export const OUTAGE_KINDS: readonly OutageKind[] = ['postgres', 'mariadb', 'redis', 'etcd']

/** Starts a server, and a mutex on it through the client of a host. */
export async function openOutagePlace(kind: OutageKind): Promise<OutagePlace> {
  await using stack = new AsyncDisposableStack()
  const started = stack.use(await startOwnServer(kind))
  const isDatabase = kind === 'postgres' || kind === 'mariadb'
  const url = isDatabase ? (await createTestDatabase(kind, started.url)).url : started.url
  const { mutex, close, liveLocks } = await OPENERS[kind](url)
  stack.defer(async () => {
    await mutex.close()
    await close()
  })
  const owned = stack.move()
  return {
    server: started.process,
    port: Number(new URL(url).port),
    mutex,
    liveLocks,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function onPostgres(url: string): Promise<OpenMutex> {
  const pool = new Pool({ connectionString: url, max: POOL, idleTimeoutMillis: 0 })
  pool.on('error', () => undefined)
  const notify = pgNotify(() => new Client({ connectionString: url }))
  return {
    mutex: dbMutex(pool, { logger: silentLogger, notify }),
    close: () => pool.end(),
    liveLocks: async () => {
      const client = new Client({ connectionString: url })
      await client.connect()
      const text =
        'SELECT count(*)::integer AS n FROM escapement_locks WHERE expires_at > extract(epoch FROM now()) * 1000'
      const { rows } = await client.query<{ n: number }>(text)
      await client.end()
      return rows[0]?.n ?? Number.NaN
    },
  }
}

async function onMariadb(url: string): Promise<OpenMutex> {
  const settings = { uri: url, connectionLimit: POOL, maxIdle: POOL }
  const pool = createPool(settings)
  return {
    mutex: dbMutex(pool, { logger: silentLogger }),
    close: () => pool.promise().end(),
    liveLocks: async () => {
      const observer = createPool({ uri: url, connectionLimit: 1 }).promise()
      const [rows] = await observer.query(
        'SELECT count(*) AS n FROM escapement_locks WHERE expires_at > unix_timestamp(now(3)) * 1000',
      )
      await observer.end()
      return Number((rows as { n: number }[])[0]?.n)
    },
  }
}

async function onRedis(url: string): Promise<OpenMutex> {
  const client = new Redis(url)
  client.on('error', () => undefined)
  return {
    mutex: redisMutex(client, { logger: silentLogger }),
    close: async () => client.disconnect(),
    liveLocks: async () => {
      const observer = new Redis(url)
      const keys = await observer.keys('*:lock')
      await observer.quit()
      return keys.length
    },
  }
}

async function onEtcd(url: string): Promise<OpenMutex> {
  const client = new Etcd3({ hosts: url })
  return {
    mutex: etcdMutex(client, { logger: silentLogger }),
    close: async () => client.close(),
    liveLocks: async () => {
      const observer = new Etcd3({ hosts: url })
      const keys = await observer.getAll().prefix('escapement/locks/').keys()
      observer.close()
      return keys.length
    },
  }
}

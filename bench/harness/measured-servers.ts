import { createTestDatabase, type ServerKind, startServers, type TestServers } from '@escapement/testkit/servers'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { type DelayingProxies, startDelayingProxies } from './delaying-proxies.ts'
import type { StorePlace } from './store-place.ts'

/** A server with the setting that matters here: PostgreSQL, MariaDB and etcd run with their defaults, which are durable. */
export type MeasuredServer = 'postgres' | 'mariadb' | 'etcd' | RedisServer

/** `everysec` is what BullMQ recommends; `always` confirms nothing before it is on the disk, as databases do. */
export type RedisServer = 'redis, appendfsync everysec' | 'redis, appendfsync always'

/** A database of one run, empty at first. */
interface FreshDatabase extends AsyncDisposable {
  readonly url: string
}

/** Servers on loopback for contenders that each get a database of their own. */
export interface MeasuredServers extends AsyncDisposable {
  /** Which servers these are, and which could not be had; Markdown, a sentence each. */
  readonly notes: readonly string[]
  has(server: MeasuredServer): boolean
  fresh(server: MeasuredServer): Promise<FreshDatabase>
}

/** A database that a scheduler is given. */
export interface FreshPlace extends AsyncDisposable {
  readonly place: StorePlace
}

/**
 * Starts what the contenders need.
 *
 * @param replyDelayMs - Added to each reply by a proxy in a process of its own.
 */
export async function startMeasuredServers(kinds: readonly ServerKind[], replyDelayMs = 0): Promise<MeasuredServers> {
  await using stack = new AsyncDisposableStack()
  const started = stack.use(await startServers(kinds))
  const proxies = replyDelayMs === 0 ? null : stack.use(await proxiesFor(started, replyDelayMs))
  const urlOf = (kind: ServerKind): string => {
    const url = started.servers[kind]?.url
    if (url === undefined) throw new Error(`there is no ${kind}: see the notes of the benchmark`)
    return url
  }
  const notes = [
    ...(await versions(started)),
    ...started.unavailable.map(({ kind, reason }) => `Not measured on ${kind}: ${reason}`),
  ]
  const owned = stack.move()
  return {
    notes,
    has: (server) => started.servers[kindOf(server)] !== undefined,
    fresh: async (server) => {
      const kind = kindOf(server)
      const fresh = await freshOn(kind, urlOf(kind), server)
      return proxies === null ? fresh : { ...fresh, url: proxies.through(kind, fresh.url) }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** An empty database for a scheduler. */
export async function freshPlace(servers: MeasuredServers, kind: 'postgres' | 'mariadb'): Promise<FreshPlace> {
  const fresh = await servers.fresh(kind)
  return { place: { kind, url: fresh.url }, [Symbol.asyncDispose]: () => fresh[Symbol.asyncDispose]() }
}

function kindOf(server: MeasuredServer): ServerKind {
  return server === 'postgres' || server === 'mariadb' || server === 'etcd' ? server : 'redis'
}

async function freshOn(kind: ServerKind, url: string, server: MeasuredServer): Promise<FreshDatabase> {
  switch (kind) {
    case 'postgres':
    case 'mariadb':
      return createTestDatabase(kind, url)
    case 'redis':
      return emptyRedis(url, server)
    case 'etcd':
      return { url, [Symbol.asyncDispose]: () => Promise.resolve() } // whoever comes has keys of its own there
  }
}

async function emptyRedis(url: string, server: MeasuredServer): Promise<FreshDatabase> {
  await using redis = redisAt(url)
  await redis.client.config('SET', 'appendonly', 'yes')
  await redis.client.config('SET', 'appendfsync', server === 'redis, appendfsync always' ? 'always' : 'everysec')
  await redis.client.flushall()
  return { url, [Symbol.asyncDispose]: () => Promise.resolve() }
}

function redisAt(url: string): AsyncDisposable & { readonly client: Redis } {
  const client = new Redis(url)
  return { client, [Symbol.asyncDispose]: async () => void (await client.quit()) }
}

async function proxiesFor({ servers }: TestServers, delayMs: number): Promise<DelayingProxies> {
  const urls = Object.values(servers).map(({ kind, url }) => [kind, url] as const)
  return await startDelayingProxies(Object.fromEntries(urls), delayMs)
}

async function versions({ servers: { postgres, mariadb, redis, etcd } }: TestServers): Promise<readonly string[]> {
  const found: string[] = []
  if (postgres !== undefined) {
    const client = new Client({ connectionString: postgres.url })
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    await client.end()
    found.push(`PostgreSQL ${String(rows[0]?.server_version).split(' ')[0]}`)
  }
  if (mariadb !== undefined) {
    const connection = await createConnection(mariadb.url)
    const [rows] = await connection.query('SELECT VERSION() AS version')
    await connection.end()
    found.push(`MariaDB ${String((rows as { version: string }[])[0]?.version).split('-')[0]}`)
  }
  if (redis !== undefined) {
    await using connected = redisAt(redis.url)
    const version = /redis_version:(\S+)/.exec(await connected.client.info('server'))
    found.push(`Redis ${version?.[1] ?? ''}`)
  }
  if (etcd !== undefined) {
    const version = (await (await fetch(`${etcd.url}/version`)).json()) as { etcdserver: string }
    found.push(`etcd ${version.etcdserver}`)
  }
  return found.length === 0 ? [] : [`${found.join(', ')} on loopback, with the defaults of each unless said otherwise.`]
}

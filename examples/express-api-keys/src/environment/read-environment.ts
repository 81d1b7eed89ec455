import { type Duration, durationMs } from '@escapement/base'
import { cron, defineJob } from '@escapement/core'
import type { DatabaseAddress } from '../database/open-database.ts'
import type { LockAddress } from '../lock/open-lock.ts'
import { EnvironmentError } from './environment-error.ts'
import type { Settings } from './settings.ts'

const SHORTEST_TOKEN = 16

const SERVER_OF_SCHEME: ReadonlyMap<string, 'postgres' | 'mysql'> = new Map([
  ['postgres:', 'postgres'],
  ['postgresql:', 'postgres'],
  ['mysql:', 'mysql'],
  ['mariadb:', 'mysql'],
])

/** Turns the text of one variable into its value; throws an Error that says what is accepted. */
type Reader<T> = (text: string) => T

/**
 * Reads the settings from environment variables. An empty variable counts as absent.
 *
 * @throws {@link EnvironmentError} that lists every variable with a value that cannot be used.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = []

  function read<T, Default>(name: string, reader: Reader<T>, byDefault: Default, shown = true): T | Default {
    const text = environment[name]?.trim()
    if (text === undefined || text === '') return byDefault
    try {
      return reader(text)
    } catch (error) {
      problems.push(`${name}${shown ? ` is ${JSON.stringify(text)}` : ''}: ${(error as Error).message}`)
      return byDefault
    }
  }

  function readDatabase(): DatabaseAddress {
    const file = read('DATABASE_FILE', String, null)
    const server = read('DATABASE_URL', databaseUrl, null, false)
    if (file !== null && server !== null) problems.push('DATABASE_FILE and DATABASE_URL are both set: leave one out')
    return server ?? { kind: 'sqlite', file: file ?? 'api-keys.db' }
  }

  function readLock(): LockAddress {
    const kind = read('LOCK', lockKind, 'db')
    if (kind === 'db') return { kind }
    if (kind === 'redis') return { kind, url: read('REDIS_URL', redisUrl, 'redis://127.0.0.1:6379', false) }
    return { kind, url: read('ETCD_URL', etcdUrl, new URL('http://127.0.0.1:2379'), false).href }
  }

  const settings: Settings = {
    port: read('PORT', port, 3000),
    database: readDatabase(),
    lock: readLock(),
    usageUrl: read('USAGE_URL', httpUrl, new URL('http://127.0.0.1:4001/')),
    webhookUrl: read('WEBHOOK_URL', httpUrl, new URL('http://127.0.0.1:4002/reminders')),
    serviceTimeoutMs: read('SERVICE_TIMEOUT', duration, durationMs('5s', 'SERVICE_TIMEOUT')),
    adminToken: read('ADMIN_TOKEN', token, null, false),
    instance: read('INSTANCE', String, null),
    isCronEnabled: read('ENABLE_CRON', flag, true),
    schedules: {
      expirationCheck: read('EXPIRATION_CHECK_CRON', cronPattern, '0 9 * * *'),
      usageSync: read('DATA_SYNC_CRON', cronPattern, '0 * * * *'),
      cleanUp: read('CLEANUP_CRON', cronPattern, '0 0 * * *'),
      healthCheck: read('HEALTH_CHECK_CRON', cronPattern, '*/5 * * * *'),
    },
    expiredKeyRetentionMs: read('EXPIRED_KEY_RETENTION', days, durationMs('90d', 'EXPIRED_KEY_RETENTION')),
  }
  if (problems.length > 0) throw new EnvironmentError(problems)
  return settings
}

const port: Reader<number> = (text) => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= 65_535) return value
  throw new Error('a port is a whole number from 0 to 65535')
}

const flag: Reader<boolean> = (text) => {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false
  throw new Error('give true or false')
}

const httpUrl: Reader<URL> = (text) => {
  const url = URL.parse(text)
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url
  throw new Error('give an http or https URL, such as http://127.0.0.1:4001/')
}

/** Never shown again: it may hold a password. */
const etcdUrl: Reader<URL> = (text) => {
  const url = httpUrl(text)
  if (/%(?![\da-f]{2})/i.test(url.username + url.password)) {
    throw new Error('write each % of the user name and of the password as %25')
  }
  return url
}

/** Never shown again: it holds a password. */
const databaseUrl: Reader<DatabaseAddress> = (text) => {
  const url = URL.parse(text)
  const kind = SERVER_OF_SCHEME.get(url?.protocol ?? '')
  if (url === null || kind === undefined) {
    throw new Error(
      `give a URL that begins with ${[...SERVER_OF_SCHEME.keys()].map((scheme) => `${scheme}//`).join(', ')}; for a SQLite file set DATABASE_FILE instead`,
    )
  }
  if (url.hostname === '') throw new Error('it names no host: postgres://user:password@host:5432/database')
  if (!/^\/[^/]+$/.test(url.pathname)) {
    throw new Error(`it names no database: ${url.protocol}//user:password@${url.host}/database`)
  }
  return { kind, url: text.replace(/^mariadb:/, 'mysql:') }
}

const lockKind: Reader<LockAddress['kind']> = (text) => {
  if (text === 'db' || text === 'redis' || text === 'etcd') return text
  throw new Error('give db, redis or etcd')
}

/** Never shown again: it may hold a password. */
const redisUrl: Reader<string> = (text) => {
  if (['redis:', 'rediss:'].includes(URL.parse(text)?.protocol ?? '')) return text
  throw new Error('give a URL that begins with redis:// or rediss://')
}

const token: Reader<string> = (text) => {
  if (text.length >= SHORTEST_TOKEN) return text
  throw new Error(`it has ${text.length} characters; at least ${SHORTEST_TOKEN} are needed`)
}

const duration: Reader<number> = (text) => durationMs(text as Duration, 'it', { minMs: 1, maxMs: 600_000 })

/** A bare number means days here, as the variable's default is thought of in days. */
const days: Reader<number> = (text) => durationMs((/^\d+$/.test(text) ? `${text}d` : text) as Duration, 'it')

/** Whether a pattern is acceptable, `defineJob` knows best: the same check as for the real job. */
const cronPattern: Reader<string> = (text) => {
  defineJob({ name: 'schedule', trigger: cron(text), run: async () => undefined })
  return text
}

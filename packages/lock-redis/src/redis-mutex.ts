import {
  type Duration,
  durationMs,
  InvalidOptionError,
  type Logger,
  quietLogger,
  type Runtime,
  systemRuntime,
} from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import { connectionOf } from './connection/connection-of.ts'
import type { RedisClient } from './connection/redis-client.ts'
import { RedisLockDriver, type RedisLockSettings } from './lock-driver.ts'
import { LockNames } from './lock-names.ts'

const DEFAULT_MAX_TTL_MS = 86_400_000
const QUARANTINED_MAX_TTL_MS = 60_000

/** How the locks are kept. */
export interface RedisLockOptions {
  /** What all names at the server begin with, without braces and white space. Default `escapement:`. */
  readonly prefix?: string
  /** The longest `ttl` that is accepted. Default 24 h, with `quarantine` 1 min. */
  readonly maxTtl?: Duration
  /**
   * Whether nothing is granted for one `maxTtl` after an empty store is seen, the first time included: leases from before
   * the loss have ended by then, unless the server's wall clock, by which it is counted, is set forward. All processes must say so,
   * with the same `maxTtl`. Not in a Cluster. Default false.
   */
  readonly quarantine?: boolean
  /** Clocks and timers of the waiters. Default {@link systemRuntime}. */
  readonly runtime?: Runtime
  /** Hears of lost leases, of an empty store, and of a server that may evict locks. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/**
 * A mutex whose locks are keys of Redis 6.2 or later, through the host's own client: that of ioredis or of redis
 * (node-redis), to a single server, a Sentinel's primary, or a Cluster. Closing it leaves the client open.
 *
 * @throws {@link InvalidOptionError} for something that is no client, or an option that is not acceptable.
 * @example
 * ```ts
 * const mutex = redisMutex(new Redis())
 * await mutex.withLock('report', async ({ fence }) => writeReport(fence))
 * ```
 */
export function redisMutex(client: RedisClient, options: RedisLockOptions = {}): MutexManager {
  return createMutexManager(redisLockDriver(client, options), options)
}

/** The driver of {@link redisMutex}, for those who put something between it and `createMutexManager`. */
export function redisLockDriver(client: RedisClient, options: RedisLockOptions = {}): LockDriver {
  return lockDriverOf(client, options)
}

/** As {@link redisLockDriver}, for those who ask its server for more. */
export function lockDriverOf(client: RedisClient, options: RedisLockOptions): RedisLockDriver {
  const connection = connectionOf(client)
  const settings = settingsOf(options)
  if (settings.hasQuarantine && connection.isCluster) {
    throw new InvalidOptionError(
      'quarantine is true, and the client is one of a Cluster, whose servers lose their data one by one; leave it out there',
    )
  }
  return new RedisLockDriver(connection, settings)
}

/** Checks the options, and fills in the defaults. */
export function settingsOf(options: RedisLockOptions): RedisLockSettings {
  const { quarantine: hasQuarantine = false, runtime = systemRuntime, logger = quietLogger } = options
  const maxTtl = options.maxTtl ?? (hasQuarantine ? QUARANTINED_MAX_TTL_MS : DEFAULT_MAX_TTL_MS)
  return {
    names: new LockNames(options.prefix),
    runtime,
    logger,
    maxTtlMs: durationMs(maxTtl, 'maxTtl', { minMs: 100, maxMs: DEFAULT_MAX_TTL_MS }),
    hasQuarantine,
  }
}

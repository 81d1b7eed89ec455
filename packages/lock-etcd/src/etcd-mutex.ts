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
import type { EtcdClient } from './etcd-client.ts'
import { etcd3Server } from './etcd3-server.ts'
import { queueLockDriver } from './lock-driver.ts'
import { LockKeys } from './lock-keys.ts'
import { keyQuarantine, noQuarantine } from './quarantine.ts'

const DEFAULT_MAX_TTL_MS = 86_400_000
const QUARANTINED_MAX_TTL_MS = 60_000

/** How the locks are kept. */
export interface EtcdLockOptions {
  /** What the keys begin with; ends in `/`. Default `escapement/`. */
  readonly prefix?: string
  /** The longest `ttl` that is accepted. Default 24 h, with `quarantine` 1 min. */
  readonly maxTtl?: Duration
  /**
   * Whether nothing is granted for one `maxTtl` after an empty store is seen, the first time included: leases from before
   * the loss have ended by then. All processes must say so, with the same `maxTtl`. Default false.
   */
  readonly quarantine?: boolean
  /** Its wall clock must be the machine's, by which the client judges deadlines. Default {@link systemRuntime}. */
  readonly runtime?: Runtime
  /** Hears of lost leases, and of an empty store. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/**
 * A mutex whose locks are leased keys in etcd. Who waits stands in a queue there and gets the key in the order of coming,
 * also among processes. A `ttl` is at least 1 s and rounded up to whole seconds. Closing it leaves `client` open.
 *
 * @param client - An `Etcd3` of the package `etcd3`, 1.1.2 or later.
 * @throws {@link InvalidOptionError} for something that is no client, and for an option that is not acceptable.
 * @example
 * ```ts
 * const mutex = etcdMutex(new Etcd3({ hosts: 'http://127.0.0.1:2379' }))
 * await mutex.withLock('report', async ({ fence }) => writeReport(fence))
 * ```
 */
export function etcdMutex(client: EtcdClient, options: EtcdLockOptions = {}): MutexManager {
  return createMutexManager(etcdLockDriver(client, options), options)
}

/** The driver of {@link etcdMutex}, for those who put something between it and `createMutexManager`. */
export function etcdLockDriver(client: EtcdClient, options: EtcdLockOptions = {}): LockDriver {
  if (!isClient(client)) {
    throw new InvalidOptionError(
      'etcdMutex needs an Etcd3 of the package etcd3, 1.1.2 or later, and was given something else',
    )
  }
  const { prefix, quarantine: hasQuarantine = false, runtime = systemRuntime, logger = quietLogger } = options
  const maxTtl = options.maxTtl ?? (hasQuarantine ? QUARANTINED_MAX_TTL_MS : DEFAULT_MAX_TTL_MS)
  const maxTtlMs = durationMs(maxTtl, 'maxTtl', { minMs: 1_000, maxMs: DEFAULT_MAX_TTL_MS })
  const server = etcd3Server(client, runtime)
  const keys = new LockKeys(prefix)
  const quarantine = hasQuarantine
    ? keyQuarantine(server, keys.closed, Math.ceil(maxTtlMs / 1_000), logger)
    : noQuarantine
  return queueLockDriver(server, { keys, maxTtlMs, quarantine, runtime })
}

function isClient(client: unknown): client is EtcdClient {
  const parts = ['kv', 'leaseClient', 'watchClient'] as const
  return typeof client === 'object' && client !== null && parts.every((part) => part in client)
}

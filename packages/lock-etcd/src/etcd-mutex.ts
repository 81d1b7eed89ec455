import { InvalidOptionError, type Logger, type Runtime, systemRuntime } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import type { EtcdClient } from './etcd-client.ts'
import { etcd3Server } from './etcd3-server.ts'
import { queueLockDriver } from './lock-driver.ts'
import { LockKeys } from './lock-keys.ts'

/** How the locks are kept. */
export interface EtcdLockOptions {
  /** What the keys begin with; ends in `/`. Default `escapement/`. */
  readonly prefix?: string
  /** Its wall clock must be the machine's, by which the client judges deadlines. Default {@link systemRuntime}. */
  readonly runtime?: Runtime
}

/** How {@link etcdMutex} runs. */
export interface EtcdMutexOptions extends EtcdLockOptions {
  /** Hears of lost leases. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/**
 * A mutex whose locks are leased keys in etcd. Who waits stands in a queue there and gets the key in the order of coming,
 * also among processes. A `ttl` is at least 1 s and rounded up to whole seconds. Closing it leaves `client` open.
 *
 * @param client - An `Etcd3` of the package `etcd3`, 1.1.2 or later.
 * @throws {@link InvalidOptionError} for something that is no client, and for a prefix that does not end in `/`.
 * @example
 * ```ts
 * const mutex = etcdMutex(new Etcd3({ hosts: 'http://127.0.0.1:2379' }))
 * await mutex.withLock('report', async ({ fence }) => writeReport(fence))
 * ```
 */
export function etcdMutex(client: EtcdClient, options: EtcdMutexOptions = {}): MutexManager {
  return createMutexManager(etcdLockDriver(client, options), options)
}

/** The driver of {@link etcdMutex}, for those who put something between it and `createMutexManager`. */
export function etcdLockDriver(client: EtcdClient, options: EtcdLockOptions = {}): LockDriver {
  if (!isClient(client)) {
    throw new InvalidOptionError(
      'etcdMutex needs an Etcd3 of the package etcd3, 1.1.2 or later, and was given something else',
    )
  }
  const { prefix, runtime = systemRuntime } = options
  return queueLockDriver(etcd3Server(client, runtime), new LockKeys(prefix), runtime)
}

function isClient(client: unknown): client is EtcdClient {
  const parts = ['kv', 'leaseClient', 'watchClient'] as const
  return typeof client === 'object' && client !== null && parts.every((part) => part in client)
}

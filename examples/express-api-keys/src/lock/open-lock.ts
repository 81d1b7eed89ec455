import type { Logger } from '@escapement/base'
import type { MutexManager } from '@escapement/core'
import { etcdMutex } from '@escapement/lock-etcd'
import { redisMutex } from '@escapement/lock-redis'
import { Etcd3 } from 'etcd3'
import { Redis } from 'ioredis'

/** Where the locks are kept: beside the jobs in their database, or on a server of their own. */
export type LockAddress = { readonly kind: 'db' } | { readonly kind: 'redis' | 'etcd'; readonly url: string }

/** A mutex, and how it is closed. */
export interface OpenedLock {
  readonly mutex: MutexManager
  /** Releases what is held, then closes the client. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects when the first lock is asked for, and again whenever that is needed: without its lock server the service goes on,
 * since the database decides who runs a tick.
 *
 * @param ofDatabase - The mutex of the database, which closes it.
 */
export function openLock(address: LockAddress, ofDatabase: MutexManager, logger: Logger): OpenedLock {
  switch (address.kind) {
    case 'db':
      return { mutex: ofDatabase, close: async () => undefined }
    case 'redis': {
      const redis = new Redis(address.url, { lazyConnect: true })
      redis.on('error', (error: unknown) => logger.debug('Redis is away', { error }))
      const mutex = redisMutex(redis, { logger })
      return { mutex, close: () => mutex.close().finally(() => redis.disconnect()) }
    }
    case 'etcd': {
      const { origin, username, password } = new URL(address.url)
      const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
      const etcd = new Etcd3({ hosts: origin, ...(username === '' ? {} : { auth }) })
      const mutex = etcdMutex(etcd, { logger })
      return { mutex, close: () => mutex.close().finally(() => etcd.close()) }
    }
  }
}

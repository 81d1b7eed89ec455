import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import { versionOf } from '../../peers/peer-version.ts'
import type { PeerClient, PeerLibrary, PeerLock, PeerLockOptions } from '../peer-library.ts'
import { disturbed, purposeByValues } from './redis-commands.ts'

/** The mutex of redis-semaphore. */
export const redisSemaphoreShim: PeerLibrary = {
  name: `redis-semaphore ${versionOf('redis-semaphore')}`,
  backend: 'Redis',
  about:
    '`Mutex` with default settings; its `onLockLost` is taken for the signal. It promises no order and no fence, and its `release` does not say whether the lock was held',
  renews: true,
  takesSignal: true,
  connect: async (url, faults) => {
    const client = new Redis(url)
    return asClient(disturbed(client, faults, purposeByValues), client)
  },
}

function asClient(disturbing: Redis, client: Redis): PeerClient {
  const take = async (
    key: string,
    { ttlMs, renews, signal }: PeerLockOptions,
    limits: object,
  ): Promise<PeerLock | null> => {
    const lost = new AbortController()
    const mutex = new Mutex(disturbing, key, {
      lockTimeout: ttlMs,
      ...(renews ? {} : { refreshInterval: 0 }),
      ...limits,
      onLockLost: (error) => lost.abort(error),
    })
    if (!(await mutex.tryAcquire(signal))) return null
    return {
      owner: mutex.identifier,
      lost: lost.signal,
      isHeld: () => mutex.isAcquired,
      release: async () => {
        await mutex.release()
        return true
      },
    }
  }
  return {
    tryAcquire: (key, options) => take(key, options, { acquireAttemptsLimit: 1 }),
    acquire: (key, options) => take(key, options, { acquireTimeout: options.waitMs }),
    close: async () => client.disconnect(),
  }
}

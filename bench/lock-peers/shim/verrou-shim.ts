import { E_LOCK_NOT_OWNED, type Lock, LockFactory } from '@verrou/core'
import { redisStore } from '@verrou/core/drivers/redis'
import { Redis } from 'ioredis'
import { versionOf } from '../../peers/peer-version.ts'
import type { PeerClient, PeerLibrary, PeerLock } from '../peer-library.ts'
import { disturbed, purposeByValues } from './redis-commands.ts'

/** Verrou on Redis. */
export const verrouShim: PeerLibrary = {
  name: `@verrou/core ${versionOf('@verrou/core')}`,
  backend: 'Redis',
  about:
    'on Redis with default settings; its `E_LOCK_NOT_OWNED` is taken for *not held*. It promises no renewal, no signal, no order and no fence',
  renews: false,
  takesSignal: false,
  connect: async (url, faults) => {
    const client = new Redis(url)
    const store = redisStore({ connection: disturbed(client, faults, purposeByValues) }).factory()
    return asClient(new LockFactory(store), client)
  },
}

function asClient(factory: LockFactory, client: Redis): PeerClient {
  return {
    tryAcquire: async (key, { ttlMs }) => {
      const lock = factory.createLock(key, ttlMs)
      return (await lock.acquireImmediately()) ? asLock(lock) : null
    },
    acquire: async (key, { ttlMs, waitMs }) => {
      const lock = factory.createLock(key, ttlMs)
      return (await lock.acquire({ retry: { timeout: waitMs } })) ? asLock(lock) : null
    },
    close: async () => client.disconnect(),
  }
}

function asLock(lock: Lock): PeerLock {
  return {
    owner: lock.getOwner(),
    isHeld: () => !lock.isExpired(),
    remainingMs: () => lock.getRemainingTime() ?? 0,
    renew: (ttlMs) => isOwned(() => lock.extend(ttlMs)),
    release: () => isOwned(() => lock.release()),
  }
}

async function isOwned(action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (error instanceof E_LOCK_NOT_OWNED) return false
    throw error
  }
}

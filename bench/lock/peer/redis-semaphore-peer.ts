import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import type { LockContender } from '../lock-contender.ts'
import { PEER_POLL_MS, PEER_WAIT_MS, peerLock } from './peer-lock.ts'

/** The mutex of redis-semaphore. */
export const redisSemaphorePeer: LockContender = peerLock('redis-semaphore', {
  backend: 'Redis',
  waits: true,
  endsWith: 'lease',
  settings: `\`Mutex\` with \`retryInterval: ${PEER_POLL_MS}\` (its default), renewal on`,
  open: async (url) => {
    const client = new Redis(url)
    const limits = { acquireTimeout: PEER_WAIT_MS, retryInterval: PEER_POLL_MS }
    return {
      acquire: async (key, ttlMs) => {
        const mutex = new Mutex(client, `semaphore:${key}`, { ...limits, lockTimeout: ttlMs })
        await mutex.acquire()
        return () => mutex.release()
      },
      [Symbol.asyncDispose]: async () => void (await client.quit()),
    }
  },
})

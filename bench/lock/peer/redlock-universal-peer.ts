import { Redis } from 'ioredis'
import { createLock, IoredisAdapter } from 'redlock-universal'
import type { LockContender } from '../lock-contender.ts'
import { PEER_POLL_MS, PEER_WAIT_MS, peerLock } from './peer-lock.ts'

/** redlock-universal on one server. */
export const redlockUniversalPeer: LockContender = peerLock('redlock-universal', {
  backend: 'Redis',
  waits: true,
  endsWith: 'lease',
  settings: `\`createLock\` with \`performance: 'lean'\`, \`retryDelay: ${PEER_POLL_MS}\` (default 100); nothing renews`,
  open: async (url) => {
    const client = new Redis(url)
    const adapter = IoredisAdapter.from(client)
    const tries = { retryDelay: PEER_POLL_MS, retryAttempts: PEER_WAIT_MS / PEER_POLL_MS }
    return {
      acquire: async (key, ttlMs) => {
        const lock = createLock({ adapter, key: `universal:${key}`, ttl: ttlMs, performance: 'lean', ...tries })
        const handle = await lock.acquire()
        return () => lock.release(handle)
      },
      [Symbol.asyncDispose]: async () => void (await client.quit()),
    }
  },
})

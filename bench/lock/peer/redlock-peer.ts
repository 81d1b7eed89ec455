import { Redis } from 'ioredis'
import Redlock from 'redlock'
import type { LockContender } from '../lock-contender.ts'
import { PEER_POLL_MS, peerLock } from './peer-lock.ts'

/** redlock on one server. */
export const redlockPeer: LockContender = peerLock('redlock', {
  backend: 'Redis',
  waits: true,
  endsWith: 'lease',
  settings: `\`acquire\` and \`release\` with \`retryDelay: ${PEER_POLL_MS}\` (default 200), \`retryCount: -1\`; nothing renews`,
  open: async (url) => {
    const client = new Redis(url)
    const redlock = new Redlock([client], { retryCount: -1, retryDelay: PEER_POLL_MS, retryJitter: 2 })
    return {
      acquire: async (key, ttlMs) => {
        const lock = await redlock.acquire([`redlock:${key}`], ttlMs)
        return () => lock.release()
      },
      [Symbol.asyncDispose]: async () => void (await client.quit()),
    }
  },
})

import type { MutexManager } from '@escapement/core'
import type { LockBackend, LockContender, OpenLock } from '../lock-contender.ts'

/** Longer than any contender has to wait. */
const WAIT = '2m'

/** A mutex of ours, and what has to be closed after it. */
interface OpenMutex {
  readonly mutex: MutexManager
  close(): unknown
}

/** One of our adapters among the contenders. */
export function ourLock(
  name: string,
  backend: LockBackend,
  open: (place: string) => OpenMutex | Promise<OpenMutex>,
): LockContender {
  return {
    name: `${backend}: Escapement, ${name}`,
    backend,
    part: 'ours',
    waits: true,
    endsWith: 'lease',
    open: async (place) => asLock(await open(place)),
  }
}

function asLock(opened: OpenMutex): OpenLock {
  const { mutex } = opened
  return {
    acquire: async (key, ttlMs) => {
      const lease = await mutex.acquire(key, { ttl: ttlMs, wait: WAIT })
      return () => lease.release()
    },
    [Symbol.asyncDispose]: async () => {
      await mutex.close()
      await opened.close()
    },
  }
}

import { Redis } from 'ioredis'
import Redlock, { type RedlockLock, type RedlockSettings } from 'redlock'
import { versionOf } from '../../peers/peer-version.ts'
import type { PeerClient, PeerLibrary, PeerLock, PeerLockOptions } from '../peer-library.ts'
import { disturbed } from './redis-commands.ts'

/** Its defaults. */
const RETRY_DELAY_MS = 200
const ONCE = { retryCount: 0 }

/** redlock on one server: `using()` where a lock is to be renewed, else `acquire`. */
export const redlockShim: PeerLibrary = {
  name: `redlock ${versionOf('redlock')}`,
  backend: 'Redis',
  about:
    'one server; `using()`, which renews and has a signal, where the case lets a lease renew itself, else `acquire`; ' +
    'default settings, but as many retries as `wait` has room for. It promises no order, no fence and no idempotent release',
  renews: true,
  takesSignal: false,
  connect: async (url, faults) => {
    const client = new Redis(url)
    const redlock: Redlock = new Redlock([
      disturbed(client, faults, (script) => {
        const { acquireScript, extendScript } = redlock.scripts
        if (script === acquireScript.hash || script === acquireScript.value) return 'tryAcquire'
        return script === extendScript.hash || script === extendScript.value ? 'renewMany' : 'release'
      }),
    ])
    return asClient(redlock, client)
  },
}

function asClient(redlock: Redlock, client: Redis): PeerClient {
  const take = async (
    key: string,
    { ttlMs, renews }: PeerLockOptions,
    settings: RedlockSettings,
  ): Promise<PeerLock | null> => {
    try {
      return renews
        ? await usingLock(redlock, key, ttlMs, settings)
        : asLock(await redlock.acquire([key], ttlMs, settings))
    } catch (error) {
      if (await isLocked(error)) return null
      throw error
    }
  }
  return {
    tryAcquire: (key, options) => take(key, options, ONCE),
    acquire: (key, options) => take(key, options, { retryCount: Math.ceil(options.waitMs / RETRY_DELAY_MS) }),
    close: async () => client.disconnect(),
  }
}

function asLock(first: RedlockLock): PeerLock {
  let lock = first
  return {
    owner: first.value,
    isHeld: () => lock.expiration > Date.now(),
    remainingMs: () => lock.expiration - Date.now(),
    renew: async (ttlMs) => {
      if (lock.expiration < Date.now()) return false
      return isDone(async () => void (lock = await lock.extend(ttlMs)))
    },
    release: () => isDone(() => lock.release()),
  }
}

/** Has the lock for as long as its routine runs. */
async function usingLock(redlock: Redlock, key: string, ttlMs: number, settings: RedlockSettings): Promise<PeerLock> {
  const granted = Promise.withResolvers<AbortSignal>()
  const finished = Promise.withResolvers<void>()
  const over = redlock.using([key], ttlMs, settings, async (signal) => {
    granted.resolve(signal)
    await finished.promise
  })
  over.catch(granted.reject)
  const lost = await granted.promise
  return {
    lost,
    isHeld: () => !lost.aborted,
    release: () => {
      finished.resolve()
      return isDone(() => over)
    },
  }
}

/** Answers false when the server has said that the lock is another's or is gone. */
async function isDone(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (await isLocked(error)) return false
    throw error
  }
}

/** Whether every server has refused, rather than failed. */
async function isLocked(error: unknown): Promise<boolean> {
  const attempts = (error as { attempts?: readonly Promise<{ votesAgainst: Map<unknown, Error> }>[] }).attempts ?? []
  const votes = (await Promise.all(attempts)).flatMap(({ votesAgainst }) => [...votesAgainst.values()])
  return votes.length > 0 && votes.every(({ name }) => name === 'ResourceLockedError')
}

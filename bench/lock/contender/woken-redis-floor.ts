import { type Callback, Redis, type Result } from 'ioredis'
import type { OpenLock } from '../lock-contender.ts'
import { wokenFloor } from './woken-floor.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    releaseWokenFloor(key: string, owner: string, callback?: Callback<number>): Result<number, Context>
  }
}

/** Compare, delete, and tell those who wait. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', KEYS[1], '')`

/** Bare commands that hand a key of Redis on. */
export function openWokenRedisFloor(url: string): OpenLock {
  const client = new Redis(url)
  client.defineCommand('releaseWokenFloor', { numberOfKeys: 1, lua: RELEASE })
  const subscriber = new Redis(url)
  const told = new Map<string, () => void>()
  subscriber.on('message', (channel) => told.get(channel)?.())
  return wokenFloor({
    take: async (key, owner, ttlMs) =>
      (await client.set(key, owner, 'PX', ttlMs, 'NX')) === null ? await client.pttl(key) : null,
    release: (key, owner) => client.releaseWokenFloor(key, owner),
    listen: (key, tell) => {
      told.set(key, tell)
      return subscriber.subscribe(key)
    },
    close: async () => {
      subscriber.disconnect()
      await client.quit()
    },
  })
}

import { redisMutex } from '@escapement/lock-redis'
import { type Callback, Redis, type Result } from 'ioredis'
import { redisSemaphorePeer } from '../peer/redis-semaphore-peer.ts'
import { redlockPeer } from '../peer/redlock-peer.ts'
import { redlockUniversalPeer } from '../peer/redlock-universal-peer.ts'
import { verrouOnRedis } from '../peer/verrou-peer.ts'
import type { LockContender, OpenLock } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'
import { openWokenFloor } from './woken-redis-floor.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    releaseFloor(key: string, owner: string, callback?: Callback<number>): Result<number, Context>
  }
}

/** Compare and delete, as the page of Redis on distributed locks has it. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** Keys of one Redis, each contender through a connection of its own. */
export const REDIS_LOCKS: readonly LockContender[] = [
  floorLock('SET NX PX, and a script that deletes', 'Redis', openFloor),
  floorLock('SET NX PX, and a script that deletes and wakes by a message', 'Redis', openWokenFloor, true),
  ourLock('redisMutex', 'Redis', (url) => {
    const client = new Redis(url)
    return { mutex: redisMutex(client), close: () => client.quit() }
  }),
  verrouOnRedis,
  redlockPeer,
  redisSemaphorePeer,
  redlockUniversalPeer,
]

function openFloor(url: string): OpenLock {
  const client = new Redis(url)
  client.defineCommand('releaseFloor', { numberOfKeys: 1, lua: RELEASE })
  let owners = 0
  return {
    acquire: async (key, ttlMs) => {
      const owner = `floor-${++owners}`
      await client.set(`floor:${key}`, owner, 'PX', ttlMs, 'NX')
      return () => client.releaseFloor(`floor:${key}`, owner)
    },
    [Symbol.asyncDispose]: async () => void (await client.quit()),
  }
}

import { redisMutex } from '@escapement/lock-redis'
import { type Callback, Redis, type Result } from 'ioredis'
import { redisSemaphorePeer } from '../peer/redis-semaphore-peer.ts'
import { redlockPeer } from '../peer/redlock-peer.ts'
import { redlockUniversalPeer } from '../peer/redlock-universal-peer.ts'
import { verrouOnRedis } from '../peer/verrou-peer.ts'
import type { LockContender, OpenLock } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'
import { openWokenRedisFloor } from './woken-redis-floor.ts'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    releaseFloor(key: string, owner: string, callback?: Callback<number>): Result<number, Context>
    acquireFenced(
      key: string,
      fence: string,
      owner: string,
      ttlMs: number,
      callback?: Callback<string | null>,
    ): Result<string | null, Context>
  }
}

/** Compare and delete, as the page of Redis on distributed locks has it. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** What a fence adds: the server's clock, the greatest fence so far, and a second write, of what expires a day after its time. */
const ACQUIRE_FENCED = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
local fence = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[2], fence, 'PX', 86400000)
return fence`

/** Compare, delete, and tell those who wait. */
const RELEASE_WOKEN = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1], '')
return 1`

/** Keys of one Redis, each contender through a connection of its own. */
export const REDIS_LOCKS: readonly LockContender[] = [
  floorLock('SET NX PX, and a script that deletes', 'Redis', openFloor),
  floorLock('SET NX PX, and a script that deletes and wakes by a message', 'Redis', openWokenRedisFloor, true),
  floorLock('a script that grants with a fence, a script that deletes and wakes', 'Redis', openFencedFloor),
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

function openFencedFloor(url: string): OpenLock {
  const client = new Redis(url)
  client.defineCommand('acquireFenced', { numberOfKeys: 2, lua: ACQUIRE_FENCED })
  client.defineCommand('releaseFloor', { numberOfKeys: 1, lua: RELEASE_WOKEN })
  let owners = 0
  return {
    acquire: async (key, ttlMs) => {
      const owner = `floor-${++owners}`
      const name = `fenced-floor:${key}`
      await client.acquireFenced(name, `${name}:fence`, owner, ttlMs)
      return () => client.releaseFloor(name, owner)
    },
    [Symbol.asyncDispose]: async () => void (await client.quit()),
  }
}

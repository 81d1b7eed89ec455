import { systemRuntime, TimerQueue } from '@escapement/base'
import { type Callback, Redis, type Result } from 'ioredis'
import type { OpenLock } from '../lock-contender.ts'

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

/** The least that hands a lock on: who is refused waits for a message and asks again, one of each process at a time. */
export function openWokenFloor(url: string): OpenLock {
  const client = new Redis(url)
  client.defineCommand('releaseWokenFloor', { numberOfKeys: 1, lua: RELEASE })
  const messages = new Messages(url)
  const lines = new Map<string, Promise<void>>()
  let owners = 0
  return {
    acquire: async (key, ttlMs) => {
      const name = `woken-floor:${key}`
      const owner = `floor-${process.pid}-${++owners}`
      const ahead = lines.get(name)
      const turn = Promise.withResolvers<void>()
      lines.set(name, turn.promise)
      await ahead
      for (let seen = messages.seen(name); ; seen = messages.seen(name)) {
        if ((await client.set(name, owner, 'PX', ttlMs, 'NX')) !== null) break
        await messages.after(name, seen, await client.pttl(name))
      }
      turn.resolve()
      if (lines.get(name) === turn.promise) lines.delete(name)
      return () => client.releaseWokenFloor(name, owner)
    },
    [Symbol.asyncDispose]: async () => {
      messages.close()
      await client.quit()
    },
  }
}

/** What the channels tell. Each is awaited by one at a time. */
class Messages {
  readonly #subscriber: Redis
  readonly #timers = new TimerQueue(systemRuntime)
  /** How many came on each. */
  readonly #seen = new Map<string, number>()
  readonly #waiting = new Map<string, () => void>()

  constructor(url: string) {
    this.#subscriber = new Redis(url)
    this.#subscriber.on('message', (channel) => {
      this.#seen.set(channel, (this.seen(channel) ?? 0) + 1)
      this.#waiting.get(channel)?.()
    })
  }

  /** Undefined: it is not listened to. */
  seen(channel: string): number | undefined {
    return this.#seen.get(channel)
  }

  /** Resolves once asking again may help: a message came since `seen`, or may have been missed, or `ms` are over. */
  async after(channel: string, seen: number | undefined, ms: number): Promise<void> {
    if (seen === undefined) {
      await this.#subscriber.subscribe(channel)
      this.#seen.set(channel, 0)
    } else if (this.seen(channel) === seen) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.set(channel, resolve)
      const timer = this.#timers.after(Math.max(1, ms), resolve)
      await promise
      timer.cancel()
      this.#waiting.delete(channel)
    }
  }

  close(): void {
    this.#timers.close()
    this.#subscriber.disconnect()
  }
}

import { systemRuntime, TimerQueue } from '@escapement/base'
import type { OpenLock } from '../lock-contender.ts'

/** A server that tells of releases. */
export interface TellingServer {
  /** Takes the key; answers null, or how long to wait at most before asking again, milliseconds. */
  take(key: string, owner: string, ttlMs: number): Promise<number | null>
  /** Gives it back and tells it. */
  release(key: string, owner: string): Promise<unknown>
  /** Calls back at each release of `key` from now on. */
  listen(key: string, told: () => void): Promise<unknown>
  close(): Promise<unknown>
}

/** The least that hands a lock on: who is refused waits for a message and asks again, one of each process at a time. */
export function wokenFloor(server: TellingServer): OpenLock {
  const messages = new Messages(server)
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
        const waitMs = await server.take(name, owner, ttlMs)
        if (waitMs === null) break
        await messages.after(name, seen, waitMs)
      }
      turn.resolve()
      if (lines.get(name) === turn.promise) lines.delete(name)
      return () => server.release(name, owner)
    },
    [Symbol.asyncDispose]: async () => {
      messages.close()
      await server.close()
    },
  }
}

/** What is told of keys. Each is awaited by one at a time. */
class Messages {
  readonly #server: TellingServer
  readonly #timers = new TimerQueue(systemRuntime)
  /** How often each was told of. */
  readonly #seen = new Map<string, number>()
  readonly #waiting = new Map<string, () => void>()

  constructor(server: TellingServer) {
    this.#server = server
  }

  /** Undefined: it is not listened to. */
  seen(key: string): number | undefined {
    return this.#seen.get(key)
  }

  /** Resolves once asking again may help: a message came since `seen`, or may have been missed, or `ms` are over. */
  async after(key: string, seen: number | undefined, ms: number): Promise<void> {
    if (seen === undefined) {
      await this.#server.listen(key, () => {
        this.#seen.set(key, (this.seen(key) ?? 0) + 1)
        this.#waiting.get(key)?.()
      })
      this.#seen.set(key, 0)
    } else if (this.seen(key) === seen) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.set(key, resolve)
      const timer = this.#timers.after(Math.max(1, ms), resolve)
      await promise
      timer.cancel()
      this.#waiting.delete(key)
    }
  }

  close(): void {
    this.#timers.close()
  }
}

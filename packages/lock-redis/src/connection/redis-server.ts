import type { Logger, TimerQueue } from '@escapement/base'
import { redisError } from '../error/redis-error.ts'
import type { LuaScript } from '../script/lua-script.ts'
import { warnOfEviction } from './eviction-warning.ts'
import { ReadyGate } from './ready-gate.ts'
import type { RedisConnection } from './redis-connection.ts'

/** What is asked of one server, or of one Cluster: only while its client is ready, and with errors of ours. */
export class RedisServer {
  readonly connection: RedisConnection
  readonly #logger: Logger
  readonly #gate: ReadyGate
  #isLookedAt = false

  constructor(connection: RedisConnection, logger: Logger, timers: TimerQueue) {
    this.connection = connection
    this.#logger = logger
    this.#gate = new ReadyGate(connection, timers)
  }

  run(script: LuaScript, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    return this.#ask(() => script.run(this.connection, keys, values))
  }

  /** Its clock, Unix milliseconds. */
  async now(): Promise<number> {
    const [seconds, microseconds] = listOf(await this.#ask(() => this.connection.send(null, ['time'])))
    return Number(seconds) * 1_000 + Number(microseconds) / 1_000
  }

  async #ask(send: () => Promise<unknown>): Promise<unknown> {
    try {
      await this.#gate.pass()
      if (!this.#isLookedAt) {
        this.#isLookedAt = true
        void warnOfEviction(this.connection, this.#logger)
      }
      return await send()
    } catch (error) {
      throw redisError(error)
    }
  }
}

/** A reply that is a list. */
export function listOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply
  throw new TypeError(`Redis answered ${JSON.stringify(reply)} where a list was expected`)
}

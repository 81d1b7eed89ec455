import { createHash } from 'node:crypto'
import type { RedisConnection } from '../connection/redis-connection.ts'

/** A Lua script that runs as one atomic step at the server. */
export class LuaScript {
  readonly #source: string
  readonly #digest: string

  constructor(source: string) {
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
  }

  /** Sends the script itself only to a server that does not know it yet, as after a restart or a failover. */
  run(connection: RedisConnection, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    const key = keys[0] ?? null
    const count = String(keys.length)
    return connection.send(key, ['evalsha', this.#digest, count, ...keys, ...values]).catch((error: unknown) => {
      if (!/\bNOSCRIPT\b/.test(String((error as { message?: unknown }).message))) throw error
      return connection.send(key, ['eval', this.#source, count, ...keys, ...values])
    })
  }
}

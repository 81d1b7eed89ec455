import { InvalidOptionError } from '@escapement/base'
import { connectionOf } from './connection/connection-of.ts'
import type { RedisClient } from './connection/redis-client.ts'
import { LuaScript } from './script/lua-script.ts'

/** What a guarded script is given. In a Cluster all keys must have the same hash tag: `{report}:fence`, `{report}`. */
export interface GuardedCall {
  /** That of the lease under which the caller works. */
  readonly fence: bigint
  /** The key that keeps the greatest fence that was seen. It belongs to the data that is guarded: keep it as long. */
  readonly fenceKey: string
  /** The script's own KEYS. */
  readonly keys?: readonly string[]
  /** The script's own ARGV. */
  readonly values?: readonly string[]
}

/** What became of a guarded script. `isApplied: false`: a greater fence was seen before, and nothing was done. */
export type GuardedReply = { readonly isApplied: true; readonly reply: unknown } | { readonly isApplied: false }

/**
 * KEYS: fence key, then those of the body. ARGV: fence, then those of the body. Fences are compared as decimal text, since a
 * number of Lua cannot tell the greatest ones apart. The fence is kept before the body runs: one that fails is still overtaken.
 */
const guarded = (body: string): string => `
local fence_key = table.remove(KEYS, 1)
local fence = table.remove(ARGV, 1)
local seen = redis.call('GET', fence_key) or ''
if #seen > #fence or (#seen == #fence and seen > fence) then return {0} end
redis.call('SET', fence_key, fence)
local function body()
${body}
end
return {1, body()}
`

/**
 * Makes a Lua script that does nothing when a greater fence than the caller's has been seen: what stops the late write of a
 * holder that was overtaken. `body` has its own `KEYS` and `ARGV` and is one atomic step with the check.
 *
 * @returns Runs it; rejects with the error of the client when that does, or with {@link InvalidOptionError}.
 * @throws {@link InvalidOptionError} for something that is no client.
 * @example
 * ```ts
 * const write = redisFenceGuard(client, `redis.call('SET', KEYS[1], ARGV[1])`)
 * const { isApplied } = await write({ fence, fenceKey: '{report}:fence', keys: ['{report}'], values: [text] })
 * if (!isApplied) throw new Error('someone else has taken over')
 * ```
 */
export function redisFenceGuard(client: RedisClient, body: string): (call: GuardedCall) => Promise<GuardedReply> {
  const connection = connectionOf(client)
  const script = new LuaScript(guarded(body))
  return async ({ fence, fenceKey, keys = [], values = [] }) => {
    if (typeof fence !== 'bigint' || fence < 0n) {
      throw new InvalidOptionError(`fence is ${String(fence)}; it must be the bigint of a lease`)
    }
    const answer = await script.run(connection, [fenceKey, ...keys], [String(fence), ...values])
    const [isApplied, reply] = answer as readonly unknown[]
    return Number(isApplied) === 1 ? { isApplied: true, reply: reply ?? null } : { isApplied: false }
  }
}

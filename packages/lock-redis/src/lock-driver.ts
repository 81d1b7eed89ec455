import { type Logger, type Runtime, TimerQueue } from '@escapement/base'
import type {
  LockDriver,
  LockGrant,
  LockRefusal,
  LockRelease,
  LockRenewal,
  LockRequest,
  RegisterAdvance,
  ReleaseWait,
  RenewalOutcome,
} from '@escapement/core'
import type { RedisConnection } from './connection/redis-connection.ts'
import { listOf, RedisServer } from './connection/redis-server.ts'
import { redisError } from './error/redis-error.ts'
import { RedisUnavailableError } from './error/redis-unavailable-error.ts'
import type { LockNames } from './lock-names.ts'
import { ReleaseChannels } from './release/release-channels.ts'
import { ACQUIRE, ADVANCE, HELD_FOR, RELEASE, RENEW } from './script/lock-scripts.ts'
import type { LuaScript } from './script/lua-script.ts'

/** How long a subscription is awaited before the waiter asks by itself, milliseconds. */
const LISTENING_WITHIN_MS = 500

/** A refusal, of someone who listens to releases and will wait. */
interface HeardRefusal {
  /** Whether nothing has been told, or missed, since before it was asked for. */
  readonly isStill: () => boolean
  /** For how long the key is held still, milliseconds; -1: not known. */
  readonly leftMs: () => number
}

/** How the locks are kept, with all defaults filled in. */
export interface RedisLockSettings {
  readonly names: LockNames
  readonly runtime: Runtime
  readonly logger: Logger
  readonly maxTtlMs: number
  /** Whether nothing is granted for `maxTtlMs` after an empty store is seen. */
  readonly hasQuarantine: boolean
}

/** Locks as keys of one Redis, or of one Cluster. Everything is judged by the server's clock, each step is one script. */
export class RedisLockDriver implements LockDriver {
  readonly minTtlMs = 100
  readonly maxTtlMs: number
  readonly server: RedisServer
  readonly #settings: RedisLockSettings
  readonly #timers: TimerQueue
  readonly #channels: ReleaseChannels
  readonly #refusals = new WeakMap<LockRequest, HeardRefusal>()

  constructor(connection: RedisConnection, settings: RedisLockSettings) {
    const { runtime, logger, maxTtlMs } = settings
    this.maxTtlMs = maxTtlMs
    this.#settings = settings
    this.#timers = new TimerQueue(runtime, { keepAlive: false })
    this.server = new RedisServer(connection, logger, this.#timers)
    this.#channels = new ReleaseChannels(connection, runtime, this.#timers)
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal> {
    const { key, owner, ttlMs, waits = false } = request
    const { names, logger, runtime } = this.#settings
    const name = names.lock(key)
    const isStill = waits ? this.#channels.quietSince(name) : undefined
    const values = [owner, String(ttlMs), String(this.maxTtlMs)]
    const answer = await this.server.run(ACQUIRE, [name, names.fence(key), ...this.#markers], values)
    if (!Array.isArray(answer)) return { isGranted: true, fence: BigInt(String(answer)), ttlMs }
    const [verdict, fence, left] = listOf(answer)
    const leftMs = Number(left)
    if (Number(verdict) === 1) return { isGranted: true, fence: BigInt(String(fence)), ttlMs: leftMs }
    if (Number(verdict) === 2) {
      logger.warn(`Locks: Redis is empty, it may have lost its data; nothing is granted for ${leftMs} ms`)
    }
    if (isStill !== undefined) {
      const answeredAt = runtime.monotonic()
      const leftNow = (): number => (leftMs < 0 ? -1 : Math.max(0, leftMs - (runtime.monotonic() - answeredAt)))
      this.#refusals.set(request, { isStill, leftMs: leftNow })
    }
    return { isGranted: false, heldForMs: leftMs < 0 ? null : leftMs }
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    const renewed = await this.#runForEach(RENEW, renewals, ({ key, owner, fence, ttlMs }) => ({
      key: this.#settings.names.lock(key),
      values: [`${fence} ${owner}`, String(ttlMs)],
    }))
    return renewed.map((is) => (is ? 'renewed' : 'not-held'))
  }

  async release({ key, owner, fence }: LockRelease): Promise<boolean> {
    const name = this.#settings.names.lock(key)
    const { session } = this.server.connection
    const answer = await this.server.run(RELEASE, [name], [owner, fence === null ? '' : String(fence), name])
    if (Number(answer) === 1) return true
    if (session === this.server.connection.session) return false
    // Sent twice by the client, it may have found nothing because it was done the first time.
    throw new RedisUnavailableError('Redis: the connection was lost during a release; ask again')
  }

  async waitForRelease(request: LockRequest, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    const name = this.#settings.names.lock(request.key)
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    const refusal = this.#refusals.get(request)
    this.#refusals.delete(request)
    const listening = this.#channels.listen(name, wake)
    const timers = [this.#timers.after(timeoutMs, wake)]
    signal.addEventListener('abort', wake)
    if (signal.aborted) wake()
    try {
      // Who was listening when it was refused has missed nothing since: the key need not be looked at once more.
      const leftMs = refusal?.isStill() === true ? refusal.leftMs() : await this.#look(name, listening.isSure, woken)
      if (leftMs === null) return
      if (leftMs >= 0) timers.push(this.#timers.after(leftMs + 1, wake))
      await woken
    } catch (error) {
      throw redisError(error)
    } finally {
      listening.stop()
      for (const timer of timers) timer.cancel()
      signal.removeEventListener('abort', wake)
    }
  }

  /** For how many ms the key is held, -1 if that is not known, looked at when no later release is missed; null when it is free, or `woken`. */
  async #look(name: string, isListening: Promise<void>, woken: Promise<void>): Promise<number | null> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = this.#timers.after(LISTENING_WITHIN_MS, () =>
      reject(new RedisUnavailableError('Redis: no subscription was had in time; waiters poll')),
    )
    try {
      await Promise.race([woken, isListening, late])
    } finally {
      timer.cancel()
    }
    const leftMs = await Promise.race([woken, this.server.run(HELD_FOR, [name, ...this.#markers], [])])
    return leftMs === undefined || Number(leftMs) === -2 ? null : Number(leftMs)
  }

  async advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return this.#runForEach(ADVANCE, entries, ({ key, value }) => ({
      key: this.#settings.names.register(key),
      values: [String(value)],
    }))
  }

  now(): Promise<number> {
    return this.server.now()
  }

  /** Ends what it has opened; the client is the host's. */
  async close(): Promise<void> {
    this.#channels.close()
    this.#timers.close()
  }

  get #markers(): readonly string[] {
    return this.#settings.hasQuarantine ? [this.#settings.names.marker] : []
  }

  /** One script for all, except in a Cluster, where each key may be elsewhere: there the scripts travel together. */
  async #runForEach<Entry>(
    script: LuaScript,
    entries: readonly Entry[],
    inputOf: (entry: Entry) => { readonly key: string; readonly values: readonly string[] },
  ): Promise<readonly boolean[]> {
    if (entries.length === 0) return []
    const inputs = entries.map(inputOf)
    const batches = this.server.connection.isCluster ? inputs.map((input) => [input]) : [inputs]
    const replies = await Promise.all(
      batches.map((batch) =>
        this.server.run(
          script,
          batch.map(({ key }) => key),
          batch.flatMap(({ values }) => values),
        ),
      ),
    )
    return replies.flatMap(listOf).map((is) => Number(is) === 1)
  }
}

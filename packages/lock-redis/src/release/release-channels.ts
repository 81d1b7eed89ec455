import type { Runtime, TimerQueue } from '@escapement/base'
import type { RedisConnection, RedisSubscriber } from '../connection/redis-connection.ts'
import { redisError } from '../error/redis-error.ts'
import { RedisUnavailableError } from '../error/redis-unavailable-error.ts'
import { ReleaseChannel } from './release-channel.ts'

/** How long no new connection is made after one was lost, milliseconds. */
const RETRY_AFTER_MS = 1_000
/** How long a channel is kept when nobody listens any more: waiters of a busy key come and go. Milliseconds. */
const LINGER_MS = 1_000

/** One who listens to a channel. */
export interface Listening {
  /** Resolves once no later message is missed. Rejects when there is no connection. */
  readonly isSure: Promise<void>
  /** Ends it. */
  stop(): void
}

/** All channels that are listened to, on one connection that is made when it is first needed. */
export class ReleaseChannels {
  readonly #connection: RedisConnection
  readonly #runtime: Runtime
  readonly #timers: TimerQueue
  #subscriber: RedisSubscriber | undefined
  #channels = new Map<string, ReleaseChannel>()
  #lost: { readonly at: number; readonly cause: unknown } | undefined
  #isClosed = false

  constructor(connection: RedisConnection, runtime: Runtime, timers: TimerQueue) {
    this.#connection = connection
    this.#runtime = runtime
    this.#timers = timers
  }

  /** Calls `wake` at each message, and when one may have been missed. */
  listen(name: string, wake: () => void): Listening {
    const subscriber = (this.#subscriber ??= this.#subscribe())
    const channel = this.#channels.get(name) ?? new ReleaseChannel(name, subscriber)
    this.#channels.set(name, channel)
    const isSure = channel.enter(wake)
    isSure.catch(() => this.#drop(channel)) // the next one tries anew
    return {
      isSure,
      stop: () => {
        channel.leave(wake)
        if (!channel.isIdle) return
        channel.ending?.cancel()
        channel.ending = this.#timers.after(LINGER_MS, () => void this.#endIdle(channel))
      },
    }
  }

  /** Tells afterwards whether no message of a channel has come since now, and none was missed; undefined: it is not listened to. */
  quietSince(name: string): (() => boolean) | undefined {
    const channel = this.#channels.get(name)
    if (channel?.isSure !== true) return undefined
    const { changes } = channel
    return () => this.#channels.get(name) === channel && channel.changes === changes
  }

  /** Wakes all who listen. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#end(this.#subscriber, new RedisUnavailableError('Redis: the mutex is closed'))
  }

  #subscribe(): RedisSubscriber {
    const now = this.#runtime.monotonic()
    if (this.#isClosed) throw new RedisUnavailableError('Redis: the mutex is closed')
    if (this.#lost !== undefined && now < this.#lost.at + RETRY_AFTER_MS) throw redisError(this.#lost.cause)
    const subscriber = this.#connection.subscriber({
      onMessage: (name) => this.#channels.get(name)?.wake(),
      onEnd: (cause) => this.#end(subscriber, cause),
    })
    return subscriber
  }

  #end(subscriber: RedisSubscriber | undefined, cause: unknown): void {
    if (subscriber === undefined || subscriber !== this.#subscriber) return
    this.#subscriber = undefined
    this.#lost = { at: this.#runtime.monotonic(), cause }
    const channels = this.#channels
    this.#channels = new Map()
    subscriber.close()
    for (const channel of channels.values()) channel.wake()
  }

  async #endIdle(channel: ReleaseChannel): Promise<void> {
    if (!channel.isIdle) return
    await channel.settle().catch(() => undefined) // its connection is gone
    if (channel.isIdle) this.#drop(channel)
  }

  #drop(channel: ReleaseChannel): void {
    if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name)
  }
}

import type { EscapementError, TimerQueue } from '@escapement/base'
import { redisError } from '../error/redis-error.ts'
import { RedisUnavailableError } from '../error/redis-unavailable-error.ts'
import { RedisUnusableError } from '../error/redis-unusable-error.ts'
import type { RedisConnection } from './redis-connection.ts'

/** How long a command waits for its connection, milliseconds. */
const READY_WITHIN_MS = 500

/**
 * Lets a command through only while the client sends at once. Clients queue what they cannot send, for as long as the
 * server is away: what nobody wants any more would be done then.
 */
export class ReadyGate {
  readonly #connection: RedisConnection
  readonly #timers: TimerQueue
  #opening: Promise<void> | undefined
  /** Why the last attempt failed, if none has succeeded since. */
  #failure: EscapementError | undefined

  constructor(connection: RedisConnection, timers: TimerQueue) {
    this.#connection = connection
    this.#timers = timers
  }

  /** Whether {@link ReadyGate.pass} need not be called. */
  get isOpen(): boolean {
    return this.#failure === undefined && this.#connection.state === 'ready'
  }

  /**
   * Waits only once for a client that is not ready: until it is, later calls fail at once, for the same reason.
   *
   * @throws {@link RedisUnusableError} when the client is closed.
   * @throws {@link RedisUnavailableError} when it is not ready in time, or could not connect.
   */
  async pass(): Promise<void> {
    if (this.#connection.state === 'ready') {
      this.#failure = undefined
      return
    }
    if (this.#failure !== undefined && this.#connection.state === 'connecting') throw this.#failure
    this.#opening ??= this.#open()
      .catch((error: unknown) => {
        this.#failure = redisError(error)
        throw this.#failure
      })
      .finally(() => {
        this.#opening = undefined
      })
    await this.#opening
  }

  async #open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      const { state } = this.#connection
      if (state === 'ready') resolve()
      if (state === 'closed') {
        reject(
          new RedisUnusableError('Redis: the client is not connected; connect it before, and close it after the mutex'),
        )
      }
    }
    const timer = this.#timers.after(READY_WITHIN_MS, () =>
      reject(new RedisUnavailableError(`Redis: the client was not connected within ${READY_WITHIN_MS} ms; ask again`)),
    )
    const unwatch = this.#connection.watch((error) => (error === undefined ? look() : reject(redisError(error))))
    try {
      this.#connection.connect()
      look()
      await promise
    } finally {
      timer.cancel()
      unwatch()
    }
  }
}

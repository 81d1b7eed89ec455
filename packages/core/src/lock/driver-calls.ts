import type { Logger, Runtime } from '@escapement/base'
import { EscapementError, TimerQueue } from '@escapement/base'
import { LockUnavailableError } from '../error/lock-unavailable-error.ts'
import type { CallStop } from './call-stop.ts'
import type { LockDriver, LockRelease } from './lock-driver.ts'

/** Says what the lock server did, and that nobody knows what came of the question. */
type Failure = (what: string, cause?: unknown) => LockUnavailableError

/** A driver, and the clocks under which it is asked. Shared by all parts of one manager. */
export class DriverCalls {
  readonly driver: LockDriver
  readonly runtime: Runtime
  readonly logger: Logger
  /** All timers of the manager: none of them keeps the process alive. */
  readonly timers: TimerQueue
  #underWay = 0
  /** Those who wait for the end of all that is under way. */
  #waiting: (() => void)[] = []
  /** What the owner ids of this manager begin with. */
  readonly #ownerPrefix: string
  #owners = 0

  constructor(driver: LockDriver, runtime: Runtime, logger: Logger) {
    this.driver = driver
    this.runtime = runtime
    this.logger = logger
    this.timers = new TimerQueue(runtime, { keepAlive: false })
    this.#ownerPrefix = runtime.id()
  }

  /** A new owner id, unique among all managers. Counted, since to draw a random one costs more than all else that is asked with it. */
  newOwner(): string {
    return `${this.#ownerPrefix}.${++this.#owners}`
  }

  /** Whether the server gave something back. Rejects with {@link LockUnavailableError} when it did not answer in time. */
  async release(release: LockRelease, limitMs: number): Promise<boolean> {
    return this.within(limitMs, release.key, this.driver.release(release))
  }

  /**
   * Waits for an answer of the server, for at most `limitMs`.
   *
   * @param onLate - Hears what the server answers afterwards.
   * @throws {@link LockUnavailableError} when there was no answer, or an error.
   * @throws The reason of `stop`.
   */
  within<T>(
    limitMs: number,
    key: string,
    answer: Promise<T>,
    stop?: CallStop,
    onLate?: (answer: T) => void,
  ): Promise<T> {
    return this.#within(limitMs, (what, cause) => unavailable(key, what, cause), answer, stop, onLate)
  }

  /** As {@link DriverCalls.within}, for a question that is about no lease but `about` something else. */
  ask<T>(limitMs: number, about: string, answer: Promise<T>): Promise<T> {
    const failed: Failure = (what, cause) => new LockUnavailableError(`${about}: the lock server ${what}`, { cause })
    return this.#within(limitMs, failed, answer)
  }

  #within<T>(
    limitMs: number,
    failed: Failure,
    answer: Promise<T>,
    stop?: CallStop,
    onLate?: (answer: T) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false
      const giveUp = (reason: unknown): void => {
        isLate = true
        timer.cancel()
        reject(reason)
      }
      // What its caller was allowed may have passed before it was sent, while the event loop was blocked.
      const silence =
        limitMs > 0
          ? `gave no answer within ${Math.ceil(limitMs)} ms`
          : 'was asked when there was no time left to answer'
      const timer = this.timers.after(limitMs, () => giveUp(failed(silence)))
      stop?.listen(giveUp)
      answer.then(
        (value) => {
          if (isLate) return onLate?.(value)
          timer.cancel()
          resolve(value)
        },
        (error: unknown) => giveUp(failed('failed', error)),
      )
    })
  }

  /** Gives back, in the background, what may have been granted to someone who no longer wants it. */
  releaseUnwanted(release: LockRelease, limitMs: number): void {
    this.begin()
    this.release(release, limitMs)
      .catch((error: unknown) =>
        this.logger.debug(`Lock ${JSON.stringify(release.key)}: an unwanted grant may stay until its lease ends`, {
          error,
        }),
      )
      .finally(() => this.end())
  }

  /** Lets {@link DriverCalls.settled} wait for what begins here, until {@link DriverCalls.end} is called for it. */
  begin(): void {
    this.#underWay++
  }

  end(): void {
    this.#underWay--
    if (this.#underWay > 0 || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** Resolves when nothing that has begun is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    await this.settled()
    this.timers.close()
    await this.driver.close()
  }
}

/** Whether the driver has said that nothing was done and that asking again cannot help. */
export function isHopeless(error: unknown): boolean {
  const cause = error instanceof LockUnavailableError ? error.cause : undefined
  return EscapementError.is(cause) && !cause.retryable
}

function unavailable(key: string, what: string, cause?: unknown): LockUnavailableError {
  return new LockUnavailableError(
    `Lock ${JSON.stringify(key)}: the lock server ${what}, so ownership is unknown; treat the key as not held`,
    { cause },
  )
}

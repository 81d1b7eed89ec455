import { type Duration, durationMs } from '@escapement/base'
import { LeaseLostError } from '../error/lease-lost-error.ts'
import { LockUnavailableError } from '../error/lock-unavailable-error.ts'
import type { DriverCalls } from './driver-calls.ts'
import type { Lease } from './lease.ts'
import { answerLimitMs, requestBackoffMs, safetyMarginMs } from './lease-timing.ts'
import type { LockGrant, LockRequest } from './lock-driver.ts'
import type { Stopwatch } from './stopwatch.ts'

/** How often a release is tried while the server does not answer. */
const MOST_RELEASE_TRIES = 3

/** What keeps a lease alive and is told of its end. */
export interface LeaseOwner {
  /** Asks the server to renew now. Rejects with {@link LockUnavailableError} when it does not answer. */
  renewNow(lease: HeldLease): Promise<void>
  /** The lease has ended on this side; called once. */
  onEnd(lease: HeldLease): void
  /** The key may be free: the lease is being given back, was given back, or was lost. */
  onFree(key: string): void
}

/** The state of one granted lease: how long it can be relied on, and how it ended. */
export class HeldLease implements Lease {
  readonly key: string
  readonly owner: string
  readonly fence: bigint
  readonly renews: boolean
  readonly #calls: DriverCalls
  readonly #keeper: LeaseOwner
  #ttlMs: number
  /** The server keeps the lease for at least `#grantedMs` from the start of `#since`. */
  #since: Stopwatch
  #grantedMs: number
  /** What ended the lease on this side. */
  #end: string | undefined
  #abort: AbortController | undefined
  #released: Promise<'released' | 'not-held'> | undefined

  constructor(
    calls: DriverCalls,
    keeper: LeaseOwner,
    request: LockRequest,
    grant: LockGrant,
    since: Stopwatch,
    renews: boolean,
  ) {
    this.#calls = calls
    this.#keeper = keeper
    this.key = request.key
    this.owner = request.owner
    this.fence = grant.fence
    this.renews = renews
    this.#ttlMs = request.ttlMs
    this.#since = since
    this.#grantedMs = grant.ttlMs
  }

  /** What a renewal asks for, milliseconds. */
  get ttlMs(): number {
    return this.#ttlMs
  }

  /** What was granted last, milliseconds: the pace of renewals. */
  get grantedMs(): number {
    return this.#grantedMs
  }

  get signal(): AbortSignal {
    // Made when first read: most short critical sections never look.
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#end !== undefined) this.#abort.abort(this.#lostError(this.#end))
    }
    return this.#abort.signal
  }

  remainingMs(): number {
    if (this.#end !== undefined) return 0
    const leftMs = this.trustedMs()
    if (leftMs > 0) return leftMs
    this.lose('could not be renewed in time')
    return 0
  }

  /** As {@link Lease.remainingMs} for a lease that has not ended, without ending it. */
  trustedMs(): number {
    return this.#grantedMs - safetyMarginMs(this.#ttlMs) - this.#since.elapsedMs()
  }

  assertHeld(): void {
    this.remainingMs()
    if (this.#end !== undefined) throw this.#lostError(this.#end)
  }

  async renew(ttl?: Duration): Promise<void> {
    if (ttl !== undefined) {
      const { minTtlMs, maxTtlMs } = this.#calls.driver
      const ttlMs = durationMs(ttl, 'ttl', { minMs: minTtlMs, maxMs: maxTtlMs })
      // Never less than before: a longer request that is still under way could otherwise be answered after a shorter one.
      this.#ttlMs = Math.max(this.#ttlMs, ttlMs)
    }
    this.assertHeld()
    await this.#keeper.renewNow(this)
    this.assertHeld()
  }

  release(): Promise<'released' | 'not-held'> {
    this.#released ??= this.#release()
    return this.#released
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch((error: unknown) =>
      this.#calls.logger.warn(`Lock ${JSON.stringify(this.key)}: not released, it stays until its lease ends`, {
        error,
      }),
    )
  }

  /**
   * A renewal for `ttlMs`, sent when `sent` started, was granted. An answer that comes after the end changes nothing:
   * what has been reported as lost stays lost.
   */
  extend(sent: Stopwatch, ttlMs: number): void {
    if (this.remainingMs() === 0 || ttlMs - sent.elapsedMs() <= this.#grantedMs - this.#since.elapsedMs()) return
    this.#since = sent
    this.#grantedMs = ttlMs
  }

  /** Ends the lease on this side, because it `happened` that it cannot be relied on any more. */
  lose(happened: string): void {
    if (this.#end !== undefined) return
    this.#finish(happened)
    this.#calls.logger.warn(`Lock ${JSON.stringify(this.key)}: the lease ${happened}`, {
      owner: this.owner,
      fence: String(this.fence),
    })
  }

  #finish(happened: string): void {
    this.#end = happened
    this.#keeper.onEnd(this)
    this.#abort?.abort(this.#lostError(happened))
    // Also before a release is answered, or its answer is lost: the next in line asks behind it.
    this.#keeper.onFree(this.key)
  }

  #lostError(happened: string): LeaseLostError {
    return new LeaseLostError(
      `Lock ${JSON.stringify(this.key)}: the lease with fence ${this.fence} ${happened}; stop writing, another owner may have it`,
    )
  }

  async #release(): Promise<'released' | 'not-held'> {
    const { key, owner, fence } = this
    const { runtime } = this.#calls
    let isUnanswered = false
    this.#calls.begin()
    try {
      if (this.#end === undefined) this.#finish('was released')
      for (let tries = 1; ; tries++) {
        try {
          const isReleased = await this.#calls.release({ key, owner, fence }, answerLimitMs(this.#ttlMs))
          // Nobody else can have ended it before its time: an earlier try did, and its answer was lost.
          return isReleased || (isUnanswered && this.trustedMs() > 0) ? 'released' : 'not-held'
        } catch (error) {
          if (!(error instanceof LockUnavailableError) || tries === MOST_RELEASE_TRIES) {
            if (this.trustedMs() + safetyMarginMs(this.#ttlMs) <= 0) return 'not-held'
            throw error
          }
          isUnanswered = true
          await runtime.sleep(requestBackoffMs(tries, runtime.random()))
        }
      }
    } finally {
      this.#keeper.onFree(key)
      this.#calls.end()
    }
  }
}

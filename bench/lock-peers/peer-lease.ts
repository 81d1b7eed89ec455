import { type Duration, durationMs } from '@escapement/base'
import { type Lease, LeaseLostError, LockUnavailableError } from '@escapement/core'
import type { Questions } from './cannot-be-asked.ts'
import type { PeerLock } from './peer-library.ts'

/** A lock of a library as a lease. */
export class PeerLease implements Lease {
  readonly key: string
  readonly #lock: PeerLock
  readonly #ttlMs: number
  readonly #questions: Questions

  constructor(key: string, lock: PeerLock, ttlMs: number, questions: Questions) {
    this.key = key
    this.#lock = lock
    this.#ttlMs = ttlMs
    this.#questions = questions
  }

  get owner(): string {
    return this.#lock.owner ?? this.#missing('it does not tell the owner')
  }

  get fence(): bigint {
    return this.#missing('it gives no fence')
  }

  get signal(): AbortSignal {
    return this.#lock.lost ?? this.#missing('it has no signal for a lock that was lost')
  }

  remainingMs(): number {
    if (this.#lock.remainingMs === undefined) return this.#missing('it does not tell what is left of a lock')
    return Math.max(0, this.#lock.remainingMs())
  }

  assertHeld(): void {
    if (this.#lock.isHeld === undefined) return this.#missing('it does not tell whether a lock is held')
    if (!this.#lock.isHeld()) throw new LeaseLostError(`${this.key} is not held`)
  }

  async renew(ttl: Duration = this.#ttlMs): Promise<void> {
    if (this.#lock.renew === undefined) return this.#missing('it cannot be told to renew')
    let isRenewed: boolean
    try {
      isRenewed = await this.#lock.renew(durationMs(ttl, 'ttl'))
    } catch (error) {
      throw new LockUnavailableError(String(error), { cause: error })
    }
    if (!isRenewed) throw new LeaseLostError(`${this.key} is not held`)
  }

  async release(): Promise<'released' | 'not-held'> {
    try {
      return (await this.#lock.release()) ? 'released' : 'not-held'
    } catch (error) {
      throw new LockUnavailableError(String(error), { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  #missing(reason: string): never {
    throw this.#questions.refuse(reason)
  }
}

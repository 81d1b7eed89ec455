import type { CallStop } from './call-stop.ts'
import { type DriverCalls, isHopeless } from './driver-calls.ts'
import { HeldLease } from './held-lease.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import { answerLimitMs } from './lease-timing.ts'
import type { LockGrant, LockRefusal, LockRequest, ReleaseWait } from './lock-driver.ts'
import { Stopwatch } from './stopwatch.ts'
import type { Wanted } from './wanted.ts'

/**
 * One owner id that asks for one key. Repeating the request under the same id finds a grant whose answer was lost, and
 * whatever may be granted to the id without being used is given back.
 */
export class Claim {
  readonly request: Required<LockRequest>
  readonly #calls: DriverCalls
  readonly #keeper: LeaseKeeper
  readonly #renews: boolean
  /** The fence of the lease that was made of a grant. */
  #used: bigint | undefined
  #isGivenUp = false
  /** Whether the server may know the id: by a request of which nobody knows what became of it, or by a place in its queue. */
  #mayBeKnown = false

  constructor(calls: DriverCalls, keeper: LeaseKeeper, { key, ttlMs, renews, waitMs }: Wanted) {
    this.#calls = calls
    this.#keeper = keeper
    this.#renews = renews
    const waits = waitMs > 0 && calls.driver.waitForRelease !== undefined
    this.request = { key, owner: calls.newOwner(), ttlMs, waits, renews }
  }

  /**
   * Asks once, for at most `limitMs`.
   *
   * @returns The lease, the refusal, or null when the grant came too late to be of use and was given back.
   * @throws {@link LockUnavailableError} when the outcome is unknown; asking again may find the grant.
   * @throws The reason of `stop`.
   */
  async ask(limitMs: number, stop: CallStop): Promise<HeldLease | LockRefusal | null> {
    const sent = new Stopwatch(this.#calls.runtime)
    const answering = this.#calls.driver.tryAcquire(this.request)
    let answer: LockGrant | LockRefusal
    try {
      answer = await this.#calls.within(limitMs, this.request.key, answering, stop, (late) => this.#hearLate(late))
    } catch (error) {
      this.#mayBeKnown ||= !isHopeless(error)
      throw error
    }
    if (!answer.isGranted) {
      this.#mayBeKnown ||= this.request.waits
      return answer
    }
    const lease = new HeldLease(this.#calls, this.#keeper, this.request, answer, sent, this.#renews)
    if (this.#keeper.keep(lease)) {
      this.#used = answer.fence
      return lease
    }
    this.giveUp(answer.fence)
    return null
  }

  /** Resolves when asking again may help. A driver whose server queues may leave the id there until it is granted or given up. */
  async waitForRelease(wait: ReleaseWait): Promise<void> {
    await this.#calls.driver.waitForRelease?.(this.request, wait)
  }

  /** Nobody wants the key under this id any more. Idempotent. */
  giveUp(fence: bigint | null = null): void {
    if (this.#isGivenUp) return
    this.#isGivenUp = true
    if (fence !== null || this.#mayBeKnown) this.#giveBack(fence)
  }

  /** A request that had been given up was answered after all. */
  #hearLate(answer: LockGrant | LockRefusal): void {
    if (!answer.isGranted) {
      // It may have been queued.
      if (this.#isGivenUp && this.request.waits) this.#giveBack(null)
      return
    }
    // Without a lease the next request under this id finds the grant; with one it may be the lease's own.
    const isUnwanted = this.#used === undefined ? this.#isGivenUp : this.#used !== answer.fence
    if (isUnwanted) this.#giveBack(answer.fence)
  }

  #giveBack(fence: bigint | null): void {
    const { key, owner, ttlMs } = this.request
    this.#calls.releaseUnwanted({ key, owner, fence }, answerLimitMs(ttlMs))
  }
}

import { LockTimeoutError } from '../error/lock-timeout-error.ts'
import { LockUnavailableError } from '../error/lock-unavailable-error.ts'
import { CallStop } from './call-stop.ts'
import { Claim } from './claim.ts'
import { type DriverCalls, isHopeless } from './driver-calls.ts'
import { HeldLease } from './held-lease.ts'
import type { Turn } from './key-turns.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import { answerLimitMs, pollMs, requestBackoffMs } from './lease-timing.ts'
import type { LockRefusal } from './lock-driver.ts'
import type { Wanted } from './wanted.ts'

/** How long, beyond the time for waiting, the server's answer to the last question is awaited, milliseconds. */
const LAST_ANSWER_MS = 1_000
/** How long a driver is left waiting for a release when it is not known how long the key is held, milliseconds. */
const LONGEST_WATCH_MS = 5_000
/** Why a pause, or a watch, ended when it was not its time. Given, since an abort without a reason makes an error with its stack. */
const RESUMED = 'resumed'

/** One call of `acquire` or `tryAcquire`, from its first question to its lease. */
export class Acquisition {
  readonly #calls: DriverCalls
  readonly #keeper: LeaseKeeper
  readonly wanted: Wanted
  /** Ends the call: the caller's signal, or the closing of the manager. */
  readonly #stop = new CallStop()
  readonly #startedAt: number
  #claim: Claim
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: (() => void) | undefined
  #failures = 0
  /** The last failure that has a cause: what a server has said tells more than that it says nothing any more. */
  #failure: LockUnavailableError | undefined

  constructor(calls: DriverCalls, keeper: LeaseKeeper, wanted: Wanted, signal: AbortSignal | undefined) {
    this.#calls = calls
    this.#keeper = keeper
    this.wanted = wanted
    this.#signal = signal
    this.#onAbort = signal && ((): void => this.stop(signal.reason))
    if (this.#onAbort !== undefined) signal?.addEventListener('abort', this.#onAbort)
    this.#startedAt = calls.runtime.monotonic()
    this.#claim = this.#newClaim()
  }

  /** Ends the call early: it rejects with `reason`. */
  stop(reason: unknown): void {
    this.#stop.stop(reason)
  }

  /** The call is over: the caller's signal is no longer listened to. */
  end(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  /** Asks until the server has answered. */
  async ask(): Promise<HeldLease | LockRefusal> {
    try {
      for (;;) {
        try {
          const answer = await this.#claim.ask(this.#answerLimitMs(), this.#stop)
          if (answer !== null) {
            this.#failures = 0
            this.#failure = undefined
            return answer
          }
        } catch (error) {
          await this.#backOff(error)
          continue
        }
        // The id is spent: a release under it may still be on its way.
        this.#claim = this.#newClaim()
        await this.#backOff(this.#tooSlow())
      }
    } catch (error) {
      this.#claim.giveUp()
      throw error
    }
  }

  /** Asks until the key is granted, in turn with the others of this process. */
  async wait(turn: Turn): Promise<HeldLease> {
    try {
      if (turn.first !== undefined) await this.#awaitTurn(turn.first)
      for (;;) {
        const heldHereMs = this.#keeper.heldForMs(this.wanted.key)
        const answer = heldHereMs > 0 ? null : await this.ask()
        if (answer instanceof HeldLease) return answer
        if (this.#leftMs() <= 0) throw this.#timeout()
        await (answer === null ? this.#awaitNudge(turn, heldHereMs) : this.#awaitRelease(turn, answer.heldForMs))
      }
    } catch (error) {
      this.#claim.giveUp()
      throw error
    } finally {
      turn.leave()
    }
  }

  #newClaim(): Claim {
    return new Claim(this.#calls, this.#keeper, this.wanted)
  }

  #leftMs(): number {
    return this.#startedAt + this.wanted.waitMs - this.#calls.runtime.monotonic()
  }

  #answerLimitMs(): number {
    return Math.min(answerLimitMs(this.wanted.ttlMs), this.#leftMs() + LAST_ANSWER_MS)
  }

  /** Waits before the server is asked again, or throws `error` when that cannot help or there is no time left. */
  async #backOff(error: unknown): Promise<void> {
    if (!(error instanceof LockUnavailableError) || isHopeless(error)) throw error
    if (error.cause !== undefined) this.#failure = error
    const delayMs = requestBackoffMs(this.#failures++, this.#calls.runtime.random())
    if (this.#leftMs() + LAST_ANSWER_MS <= delayMs) throw this.#failure ?? error
    await this.#pause(delayMs)
  }

  async #awaitTurn(first: Promise<void>): Promise<void> {
    const isFirst = await this.#pause(this.#leftMs(), (resume) => void first.then(resume))
    if (!isFirst) throw this.#timeout()
  }

  /** Whoever has the key is near: what the server would say of it is known here. */
  async #awaitNudge(turn: Turn, heldForMs: number): Promise<void> {
    try {
      await this.#pause(Math.min(heldForMs, this.#leftMs()), (resume) => (turn.onNudge = resume))
    } finally {
      turn.onNudge = undefined
    }
  }

  async #awaitRelease(turn: Turn, heldForMs: number | null): Promise<void> {
    const { driver, runtime, logger } = this.#calls
    const canWait = driver.waitForRelease !== undefined
    const pollingMs = Math.min(pollMs(heldForMs, runtime.random()), this.#leftMs())
    const longestMs = canWait
      ? Math.min((heldForMs ?? LONGEST_WATCH_MS) + 1, LONGEST_WATCH_MS, this.#leftMs())
      : pollingMs
    const watch = new AbortController()
    try {
      await this.#pause(longestMs, (resume) => {
        turn.onNudge = resume
        if (!canWait) return
        this.#claim.waitForRelease({ timeoutMs: longestMs, signal: watch.signal }).then(resume, (error: unknown) => {
          if (watch.signal.aborted) return
          logger.debug('Locks: waiting for a release failed, asking again instead', { error })
          runtime.sleep(pollingMs, watch.signal, { keepAlive: false }).then(resume, () => undefined)
        })
      })
    } finally {
      turn.onNudge = undefined
      watch.abort(RESUMED)
    }
  }

  /** Waits for `resume` to be called, for at most `ms`; answers whether it was. */
  async #pause(ms: number, start?: (resume: () => void) => void): Promise<boolean> {
    this.#stop.throwIfStopped()
    const pause = new AbortController()
    this.#stop.listen((reason) => pause.abort(reason))
    start?.(() => pause.abort(RESUMED))
    try {
      await this.#calls.runtime.sleep(Math.max(0, ms), pause.signal)
      return false
    } catch (error) {
      this.#stop.throwIfStopped()
      if (error !== RESUMED) throw error
      return true
    }
  }

  #timeout(): LockTimeoutError {
    const { key, waitMs } = this.wanted
    return new LockTimeoutError(
      `Lock ${JSON.stringify(key)}: another owner held it for all of ${waitMs} ms; wait longer, or ask again later`,
    )
  }

  #tooSlow(): LockUnavailableError {
    const { key, ttlMs } = this.wanted
    return new LockUnavailableError(
      `Lock ${JSON.stringify(key)}: the server's grants arrive too late for a ttl of ${ttlMs} ms; ask for a longer one`,
    )
  }
}

import type { Runtime } from '@escapement/base'
import { ServerClock } from '../context/server-clock.ts'
import type { MutexManager } from '../lock/mutex-manager.ts'
import type { Finding } from '../store/finding.ts'

/** An instance whose clock is off by more than this plans nothing. Milliseconds (rule 25). */
const MOST_OFFSET_MS = 60_000
/** How old a sample may be before the next call brings a new one. Milliseconds. */
const SAMPLE_AGE_MS = 10_000
/** The connection of the first one may have to be made. */
const FIRST_SAMPLES = 3

/** The time by which ticks are due in lock-only mode: the lock server's, or this machine's where that has no clock. */
export class LockServerClock {
  readonly #runtime: Runtime
  readonly #serverNow: MutexManager['serverNow']
  readonly #clock: ServerClock
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(runtime: Runtime, mutex: MutexManager) {
    this.#runtime = runtime
    this.#serverNow = mutex.serverNow
    this.#clock = new ServerClock(runtime)
  }

  /** Unix milliseconds: an instant that the lock server's clock has certainly reached. */
  now(): number {
    return Math.floor(this.#clock.reached())
  }

  /** Whether this machine's clock is too far off to plan anything. */
  get isOff(): boolean {
    return Math.abs(this.#clock.offsetMs() ?? 0) > MOST_OFFSET_MS
  }

  /** Learns the time. @throws {@link LockUnavailableError} when the lock server does not answer. */
  async learn(): Promise<void> {
    for (let count = 0; count < FIRST_SAMPLES; count++) await this.#sample()
  }

  /** Asks again soon when the last answer is old. A server that is away is noticed elsewhere: time goes on without it. */
  refresh(): void {
    if (this.#runtime.monotonic() - this.#askedAt >= SAMPLE_AGE_MS) this.#sample().catch(() => undefined)
  }

  findings(): readonly Finding[] {
    if (this.#serverNow === undefined) {
      const message =
        'the lock server has no clock to ask, so nobody notices an instance whose clock is off: it starts ticks early or late; watch the clocks of all machines'
      return [{ code: 'skew-unchecked', severity: 'warning', message }]
    }
    if (!this.isOff) return []
    const offsetMs = this.#clock.offsetMs() ?? 0
    const message = `the clock of this machine is ${Math.round(Math.abs(offsetMs) / 1_000)} s ${offsetMs < 0 ? 'ahead of' : 'behind'} the lock server's, so that nothing is planned here; set the one that is wrong, it goes on by itself within ${MOST_OFFSET_MS / 1_000} s`
    return [{ code: 'clock-offset', severity: 'critical', message }]
  }

  async #sample(): Promise<void> {
    if (this.#serverNow === undefined) return
    const askedAt = this.#runtime.monotonic()
    this.#askedAt = askedAt
    this.#clock.observe(await this.#serverNow(), askedAt)
  }
}

import type { Timer } from '@escapement/base'
import type { DriverCalls } from './driver-calls.ts'
import type { HeldLease, LeaseOwner } from './held-lease.ts'
import { answerLimitMs, nextRenewalAt, renewalBackoffMs } from './lease-timing.ts'
import type { RenewalOutcome } from './lock-driver.ts'
import { Stopwatch } from './stopwatch.ts'

/** The most renewals in one request to the driver. */
const LARGEST_BATCH = 500

/** Keeps the leases of one manager: renews them in batches and ends them in time, all on one timer. */
export class LeaseKeeper implements LeaseOwner {
  readonly #calls: DriverCalls
  readonly #held = new Map<HeldLease, Timer>()
  /** The ttls of each lease's renewals that have not been answered. */
  readonly #unanswered = new Map<HeldLease, number[]>()
  readonly #byKey = new Map<string, HeldLease>()
  readonly onFree: (key: string) => void
  #due: HeldLease[] = []

  constructor(calls: DriverCalls, onFree: (key: string) => void) {
    this.#calls = calls
    this.onFree = onFree
  }

  /** The leases that are held. */
  get held(): readonly HeldLease[] {
    return [...this.#held.keys()]
  }

  /** How long a lease of this manager keeps the key from others unless it is renewed, milliseconds; 0: none does. */
  heldForMs(key: string): number {
    return this.#byKey.get(key)?.remainingMs() ?? 0
  }

  /** Keeps a lease from now on; answers false when too little is left of its grant to begin work under it. */
  keep(lease: HeldLease): boolean {
    const leftMs = lease.trustedMs()
    if (leftMs <= 0) return false
    this.#byKey.set(lease.key, lease)
    this.#arm(lease, leftMs)
    return true
  }

  onEnd(lease: HeldLease): void {
    this.#held.get(lease)?.cancel()
    this.#held.delete(lease)
    if (this.#byKey.get(lease.key) === lease) this.#byKey.delete(lease.key)
    this.#unanswered.delete(lease)
  }

  async renewNow(lease: HeldLease): Promise<void> {
    await this.#calls.within(answerLimitMs(lease.grantedMs), lease.key, this.#renew([lease]))
  }

  /** Sets the lease's one timer: `delayMs` from now, by default its next renewal, and never after its end. */
  #schedule(lease: HeldLease, delayMs?: number): void {
    this.#held.get(lease)?.cancel()
    const leftMs = lease.remainingMs()
    if (leftMs > 0) this.#arm(lease, leftMs, delayMs)
  }

  #arm(lease: HeldLease, leftMs: number, delayMs?: number): void {
    const now = this.#calls.runtime.monotonic()
    const nextMs = lease.renews ? (delayMs ?? nextRenewalAt(now, lease.grantedMs) - now) : leftMs
    this.#held.set(
      lease,
      this.#calls.timers.after(Math.min(nextMs, leftMs), () => this.#turn(lease)),
    )
  }

  #turn(lease: HeldLease): void {
    if (lease.remainingMs() === 0) return
    if (lease.renews) this.#enqueue(lease)
    // The time limit of this try: without an answer by then the next one is made.
    this.#schedule(lease, answerLimitMs(lease.grantedMs))
  }

  /** Leases that fall due in one turn are renewed together. */
  #enqueue(lease: HeldLease): void {
    if (this.#due.push(lease) > 1) return
    queueMicrotask(() => {
      const due = this.#due
      this.#due = []
      for (let start = 0; start < due.length; start += LARGEST_BATCH) {
        this.#renew(due.slice(start, start + LARGEST_BATCH)).catch((error: unknown) =>
          this.#calls.logger.debug('Locks: a renewal failed and is tried again', { error }),
        )
      }
    })
  }

  /** One request for all of `leases`. Rejects when any outcome is unknown. */
  async #renew(leases: readonly HeldLease[]): Promise<void> {
    const { driver, runtime } = this.#calls
    const renewals = leases.map(({ key, owner, fence, ttlMs }) => ({ key, owner, fence, ttlMs }))
    const sent = new Stopwatch(runtime)
    leases.forEach((lease, index) => this.#expectAnswer(lease, renewals[index]?.ttlMs ?? 0))
    let outcomes: readonly RenewalOutcome[] = []
    try {
      outcomes = await driver.renewMany(renewals)
    } finally {
      leases.forEach((lease, index) => {
        this.#hear(lease, outcomes[index] ?? 'unknown', renewals[index]?.ttlMs ?? 0, sent)
      })
    }
    if (outcomes.includes('unknown')) throw new Error('the lock server could not say whether the lease was renewed')
  }

  #expectAnswer(lease: HeldLease, ttlMs: number): void {
    const others = this.#unanswered.get(lease)
    if (others === undefined) this.#unanswered.set(lease, [ttlMs])
    else others.push(ttlMs)
  }

  #hear(lease: HeldLease, outcome: RenewalOutcome, ttlMs: number, sent: Stopwatch): void {
    const unanswered = this.#unanswered.get(lease)
    if (unanswered === undefined) return
    if (outcome === 'unknown') {
      // It may still arrive there: it stays among the unanswered.
      this.#schedule(lease, renewalBackoffMs(lease.grantedMs, this.#calls.runtime.random()))
      return
    }
    unanswered.splice(unanswered.indexOf(ttlMs), 1)
    if (outcome === 'not-held') {
      lease.lose('was not found at the lock server any more')
      return
    }
    // A shorter renewal that is still under way may be handled after this one and set the lease's end anew.
    lease.extend(sent, Math.min(ttlMs, ...unanswered))
    this.#schedule(lease)
  }
}

import type { Runtime } from '@escapement/base'

/** Part of a lease that is never used, so that a signal has time to be heard before it ends. */
const MARGIN = 0.05

/** Something that can be relied on for a while. */
export interface Deadline {
  /** Milliseconds, 0 when it cannot be relied on any more. */
  remainingMs(): number
}

/** What can be relied on as long as both can. */
export function earlierOf(one: Deadline, other: Deadline | undefined): Deadline {
  return other === undefined ? one : { remainingMs: () => Math.min(one.remainingMs(), other.remainingMs()) }
}

/**
 * How long a lease can still be trusted. Counted from before the request was sent, on the greater of monotonic and wall
 * time elapsed: a suspended machine stops the one, a stepped clock fools the other, and being wrong early is safe (rule 15).
 */
export class LeaseDeadline implements Deadline {
  readonly #runtime: Runtime
  #usableMs = 0
  #sentMonotonic = 0
  #sentWall = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** The two clocks now: take it before the request that asks for the lease is sent. */
  mark(): LeaseMark {
    return { monotonic: this.#runtime.monotonic(), wall: this.#runtime.now() }
  }

  /** A lease of `leaseMs` was granted to the request that was sent at `mark`. */
  grant(mark: LeaseMark, leaseMs: number): void {
    this.#usableMs = leaseMs * (1 - MARGIN)
    this.#sentMonotonic = mark.monotonic
    this.#sentWall = mark.wall
  }

  /** Ends it now: the server said so. */
  end(): void {
    this.#usableMs = 0
  }

  /** Milliseconds, 0 when it cannot be trusted any more; computed at each call, so true after a blocked event loop. */
  remainingMs(): number {
    const elapsedMs = Math.max(this.#runtime.monotonic() - this.#sentMonotonic, this.#runtime.now() - this.#sentWall)
    return Math.max(0, this.#usableMs - elapsedMs)
  }
}

/** Both clocks at one moment, milliseconds. */
export interface LeaseMark {
  readonly monotonic: number
  readonly wall: number
}

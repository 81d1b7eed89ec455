/**
 * Every source of nondeterminism that Escapement may touch. Production uses {@link systemRuntime}; tests pass the
 * virtual runtime of `@escapement/testkit`, which runs whole clusters in virtual time.
 */
export interface Runtime {
  /** Wall-clock time in Unix milliseconds, UTC. May jump either way: for stored instants only. */
  now(): number
  /** Milliseconds from an arbitrary origin that never go back: for durations and deadlines. */
  monotonic(): number
  /**
   * Resolves after `ms` milliseconds on the monotonic clock; any finite length is honoured, also beyond 2^31-1 ms. 0 lets the
   * event loop turn once.
   *
   * @param signal - Ends the sleep early: the promise then rejects with the signal's reason.
   * @param options - `keepAlive: false` lets the process exit while the sleep is pending; default true.
   */
  sleep(ms: number, signal?: AbortSignal, options?: SleepOptions): Promise<void>
  /**
   * Calls `callback` every `ms` milliseconds (1 to 2^31-1) on the monotonic clock until it is disposed of: for what is done
   * so often that a promise and a signal each time would cost more than the work. Calls that a blocked event loop has
   * missed are not made up for. Never keeps the process alive.
   */
  repeat(ms: number, callback: () => void): Disposable
  /** A new unique id (UUID version 7 in production, so that ids sort by creation time). */
  id(): string
  /** Uniform in [0, 1): for jitter, never for secrets. */
  random(): number
}

/** Options of {@link Runtime.sleep}. */
export interface SleepOptions {
  /** Whether the pending sleep keeps the process alive. Default true. */
  readonly keepAlive?: boolean
}

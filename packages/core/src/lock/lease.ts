import type { Duration } from '@escapement/base'

/**
 * Exclusive ownership of a key for a limited time. All times are judged on the holder's side, counted from before the
 * request was sent and on the greater of monotonic and wall-clock elapsed time, so that they end before the server's.
 */
export interface Lease extends AsyncDisposable {
  readonly key: string
  /** The id under which the key is held: unique per lease. */
  readonly owner: string
  /** Grows with every grant of this key. The guarded resource should refuse what carries a lower one. */
  readonly fence: bigint
  /**
   * Aborts when the lease must no longer be relied on: shortly before it can expire, as soon as it is known to be lost,
   * or when it is released. Its reason is a {@link LeaseLostError}.
   */
  readonly signal: AbortSignal

  /**
   * Milliseconds for which the lease can still be relied on; 0 once it has ended. Computed at each call, hence true
   * also when a blocked event loop could deliver no signal; answering 0 fires the signal.
   */
  remainingMs(): number

  /** @throws {@link LeaseLostError} when the lease can no longer be relied on. */
  assertHeld(): void

  /**
   * Makes the lease live for its `ttl` from now. Leases renew themselves unless `renew: false` was given.
   *
   * @param ttl - A longer time to live, for this and later renewals; a shorter one than before changes nothing.
   * @throws {@link LeaseLostError} when it had ended already.
   * @throws {@link LockUnavailableError} when the server did not answer; the lease goes on as before.
   */
  renew(ttl?: Duration): Promise<void>

  /**
   * Ends the lease. Idempotent: later calls answer the same.
   *
   * @returns `'not-held'` when it had ended at the server before.
   * @throws {@link LockUnavailableError} when the server does not answer while the lease may still live there.
   */
  release(): Promise<'released' | 'not-held'>
}

import type { Duration } from '@escapement/base'
import type { Lease } from './lease.ts'
import type { RegisterAdvance } from './lock-driver.ts'

/** How a key is to be held. */
export interface LeaseOptions {
  /** How long the lease lives without renewal, on the server's clock. Default 30 s; the driver sets the bounds. */
  readonly ttl?: Duration
  /** Whether the lease is renewed, at a third of its `ttl`, until it is released. Default true. */
  readonly renew?: boolean
  /** Gives the asking up: the call rejects with the signal's reason. It does not end a lease that was granted. */
  readonly signal?: AbortSignal
}

/** How a key is to be waited for. */
export interface AcquireOptions extends LeaseOptions {
  /**
   * How long to wait while others hold the key, milliseconds on the monotonic clock; 0 asks once. Default 10 s. The
   * server's answer to the last question is awaited for up to 1 s more.
   */
  readonly wait?: Duration
}

/**
 * Gives out leases: at most one live lease per key. Keys are 1 to 512 bytes of UTF-8, equal only when their bytes are.
 * Waiters of one manager are served in the order in which they came; between managers no order is promised.
 */
export interface MutexManager extends AsyncDisposable {
  /**
   * Takes `key`, waiting while others hold it.
   *
   * @throws {@link LockTimeoutError} when another owner held the key for all of `wait`.
   * @throws {@link LockUnavailableError} when the outcome is unknown, or the manager is closed: treat the key as not held.
   * @throws {@link InvalidOptionError} when key or options are not acceptable.
   * @throws The reason of `signal` when it is aborted; nothing stays held.
   */
  acquire(key: string, options?: AcquireOptions): Promise<Lease>

  /**
   * Takes `key` if no live lease holds it; never waits for others.
   *
   * @returns The lease, or null while another owner holds the key.
   * @throws As {@link MutexManager.acquire}, without the timeout.
   */
  tryAcquire(key: string, options?: LeaseOptions): Promise<Lease | null>

  /**
   * Runs `work` while holding `key`, and releases it whatever happens.
   *
   * @returns What `work` returned.
   * @throws What `work` threw; else {@link LeaseLostError} when the lease ended before `work` did, so that its result
   *   cannot be taken for exclusive; else as {@link MutexManager.acquire}.
   */
  withLock<T>(key: string, work: (lease: Lease) => Promise<T>, options?: AcquireOptions): Promise<T>

  /**
   * Moves registers forward: numbers that only grow and never expire. Of many calls that move one to the same value, one
   * is told that it did. Absent when the lock server has no registers.
   *
   * @returns One answer per entry, in the same order: true only when this call moved the register there.
   * @throws {@link LockUnavailableError} when the outcome is unknown. Asked again, an entry that is answered true was
   *   not moved before; one that is answered false may have been moved by the call whose answer was lost.
   */
  readonly advanceMany?: (entries: readonly RegisterAdvance[]) => Promise<readonly boolean[]>

  /**
   * The lock server's clock, Unix milliseconds. Absent when it has none that can be asked.
   *
   * @throws {@link LockUnavailableError} when it does not answer.
   */
  readonly serverNow?: () => Promise<number>

  /** Ends all waiting, releases all that is held, then closes the driver. Idempotent; all callers share one promise. */
  close(): Promise<void>
}

/** Asks for the lock of one key. */
export interface LockRequest {
  /** 1 to 512 bytes of UTF-8, already checked: well-formed, without U+0000. Keys are equal only when their bytes are. */
  readonly key: string
  /** The id under which the lock is asked for; the same one when the answer to an earlier request was lost. */
  readonly owner: string
  /** How long the lease shall live from the moment of the grant, milliseconds, within the driver's bounds. */
  readonly ttlMs: number
  /**
   * Whether whoever is refused will wait, by {@link LockDriver.waitForRelease}, or else release what the owner has: a server
   * that queues by itself may queue it at once. Default false.
   */
  readonly waits?: boolean
  /**
   * Whether a lease for less than `ttlMs` will do, since it will be renewed: a server that keeps one for who waits may grant
   * what is left of it. Default false.
   */
  readonly renews?: boolean
}

/** The key is the owner's. */
export interface LockGrant {
  readonly isGranted: true
  /** Greater than every fence that was ever granted for this key, and greater than 0. */
  readonly fence: bigint
  /** How long the lease still lives at the server, milliseconds: less than asked for when an earlier grant was found. */
  readonly ttlMs: number
}

/** Another owner has the key. */
export interface LockRefusal {
  readonly isGranted: false
  /** How long the other lease still lives at the server unless it is renewed, milliseconds; null: not known. */
  readonly heldForMs: number | null
}

/** A grant, as the one who renews or releases it names it. */
export interface LockHold {
  readonly key: string
  readonly owner: string
  readonly fence: bigint
}

/** Asks for `ttlMs` more milliseconds, from the moment at which the server handles it. */
export interface LockRenewal extends LockHold {
  readonly ttlMs: number
}

/**
 * What became of a renewal. `not-held` is final: the lease has ended or the key is another's. `unknown`: the server
 * could not say; the same renewal may be asked for again.
 */
export type RenewalOutcome = 'renewed' | 'not-held' | 'unknown'

/** What is to be given back. `fence: null`: whatever the owner was granted, when the answer to its request was lost. */
export interface LockRelease {
  readonly key: string
  readonly owner: string
  readonly fence: bigint | null
}

/** How long {@link LockDriver.waitForRelease} may wait. */
export interface ReleaseWait {
  /** Milliseconds. */
  readonly timeoutMs: number
  /** Ends the wait early; the promise then settles either way. */
  readonly signal: AbortSignal
}

/** Moves one register forward. */
export interface RegisterAdvance {
  /** Names the register, under the same rules as a lock's key; a lock of that name is something else. */
  readonly key: string
  /** A safe integer. */
  readonly value: number
}

/**
 * A lock server, as `createMutexManager` needs it: each method is one atomic step there, judged by the server's clock.
 * A promise that rejects means that the outcome is unknown. Waiting, renewal, deadlines, signals and repeated requests
 * are the manager's part. `@escapement/testkit` holds the contract that a driver must pass.
 */
export interface LockDriver {
  /** The shortest lease that the server can keep, milliseconds. */
  readonly minTtlMs: number
  /** The longest lease that the server can keep, milliseconds. */
  readonly maxTtlMs: number

  /**
   * Grants `key` if no live lease holds it. A live grant of the same `owner` is found again and answered with its fence
   * and what is left of it, so that a request whose answer was lost can be repeated.
   */
  tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal>

  /**
   * Renews those that still live under the same owner and fence; never revives one that has ended. The fence stays.
   *
   * @returns One outcome per renewal, in the same order.
   */
  renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]>

  /** Ends a live lease of this owner (and this fence); answers false when there is none. The key's fence is not reset. */
  release(release: LockRelease): Promise<boolean>

  /** Gives up what the driver opened itself; what the host passed in stays open. Idempotent. */
  close(): Promise<void>

  /**
   * Resolves once `key` may be free, also when it became free before the call, and at latest after `timeoutMs`. May
   * resolve too early, never too late: whoever subscribes to releases looks at the key once more after that. A server
   * that queues by itself may queue `request.owner` here and let its next `tryAcquire` find the grant: whoever gives up
   * after this call releases what the owner has, `fence: null`. Without this method the manager polls.
   */
  waitForRelease?(request: LockRequest, wait: ReleaseWait): Promise<void>

  /**
   * Sets each register that is absent or less than the given value; registers never expire. Of several entries for one
   * register each is judged after those before it.
   *
   * @returns One answer per entry, in the same order: true only for the one call that moved the register there.
   */
  advanceMany?(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]>

  /** The server's clock, Unix milliseconds. */
  now?(): Promise<number>
}

import { EscapementError, systemRuntime } from '@escapement/base'
import type { MutexManager } from '@escapement/core'

const USERS = 8
const HOLD_MS = 20
/** What callers may be told of an outage. */
const EXPECTED: ReadonlySet<string> = new Set(['ERR_LOCK_UNAVAILABLE', 'ERR_LOCK_TIMEOUT', 'ERR_LEASE_LOST'])

/** How long a lease of theirs lives when nobody renews it. Milliseconds. */
export const USERS_TTL_MS = 2_000

/** Callers who take turns at one key, and have one of their own each. */
export class LockUsers {
  readonly #mutex: MutexManager
  readonly #errors = new Map<string, number>()
  /** Who has been granted something since {@link LockUsers.forgetGrants}. */
  #granted = new Set<number>()

  constructor(mutex: MutexManager) {
    this.#mutex = mutex
  }

  /** How often they were told of each kind of error. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors
  }

  /** Kinds of errors that no caller should see. */
  get unexpected(): readonly string[] {
    return [...this.#errors.keys()].filter((code) => !EXPECTED.has(code))
  }

  get isEachGranted(): boolean {
    return this.#granted.size === USERS
  }

  forgetGrants(): void {
    this.#granted = new Set()
  }

  /** Each takes a lock once, half of them the same one. */
  async once(): Promise<void> {
    await Promise.all(Array.from({ length: USERS }, (_, user) => this.#use(user, user % 2 === 0)))
  }

  /** Each takes one lock after the other. */
  async until(over: AbortSignal): Promise<void> {
    const use = async (user: number): Promise<void> => {
      for (let turn = 0; !over.aborted; turn++) await this.#use(user, turn % 2 === 0)
    }
    await Promise.all(Array.from({ length: USERS }, (_, user) => use(user)))
  }

  async #use(user: number, isShared: boolean): Promise<void> {
    try {
      const key = isShared ? 'shared' : `user ${user}`
      await using lease = await this.#mutex.acquire(key, { ttl: USERS_TTL_MS, wait: '1s' })
      await systemRuntime.sleep(HOLD_MS, lease.signal)
      this.#granted.add(user)
    } catch (error) {
      const code = EscapementError.is(error) ? error.code : String(error)
      this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
    }
  }
}

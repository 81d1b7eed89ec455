import { type Runtime, systemRuntime } from '@escapement/base'
import type {
  LockDriver,
  LockGrant,
  LockHold,
  LockRefusal,
  LockRelease,
  LockRenewal,
  LockRequest,
  RegisterAdvance,
  ReleaseWait,
  RenewalOutcome,
} from './lock-driver.ts'

interface Held {
  readonly owner: string
  readonly fence: bigint
  expiresAt: number
}

/** Options of {@link memoryLockDriver} and `memoryMutex`. */
export interface MemoryLockOptions {
  /** Its wall clock is the server's clock. Default {@link systemRuntime}. */
  readonly runtime?: Runtime
}

/**
 * A lock server inside the process. All managers that are made on the same driver object exclude each other; closing
 * one of them leaves what it holds for the others as it is.
 */
export function memoryLockDriver(options: MemoryLockOptions = {}): LockDriver {
  return new MemoryLockDriver(options.runtime ?? systemRuntime)
}

class MemoryLockDriver implements LockDriver {
  readonly minTtlMs = 20
  readonly maxTtlMs = 86_400_000
  readonly #runtime: Runtime
  readonly #locks = new Map<string, Held>()
  readonly #registers = new Map<string, number>()
  readonly #waiting = new Map<string, Set<() => void>>()
  /** The greatest fence of any key: what is no longer held need not be kept. */
  #fence = 0n

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  async tryAcquire({ key, owner, ttlMs }: LockRequest): Promise<LockGrant | LockRefusal> {
    const now = this.#runtime.now()
    const held = this.#live(key, now)
    if (held?.owner === owner) return { isGranted: true, fence: held.fence, ttlMs: held.expiresAt - now }
    if (held !== undefined) return { isGranted: false, heldForMs: held.expiresAt - now }
    const clock = BigInt(Math.floor(now * 1_000))
    this.#fence = this.#fence < clock ? clock : this.#fence + 1n
    this.#locks.set(key, { owner, fence: this.#fence, expiresAt: now + ttlMs })
    return { isGranted: true, fence: this.#fence, ttlMs }
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    const now = this.#runtime.now()
    return renewals.map((renewal) => {
      const held = this.#find(renewal, now)
      if (held === undefined) return 'not-held'
      held.expiresAt = now + renewal.ttlMs
      return 'renewed'
    })
  }

  async release(release: LockRelease): Promise<boolean> {
    if (this.#find(release, this.#runtime.now()) === undefined) return false
    this.#locks.delete(release.key)
    for (const wake of this.#waiting.get(release.key) ?? []) wake()
    return true
  }

  async waitForRelease({ key }: LockRequest, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    if (this.#live(key, this.#runtime.now()) === undefined) return
    const woken = new AbortController()
    const wake = (): void => woken.abort()
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting.add(wake))
    signal.addEventListener('abort', wake)
    try {
      if (!signal.aborted) await this.#runtime.sleep(timeoutMs, woken.signal, { keepAlive: false })
    } catch (error) {
      if (!woken.signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', wake)
      waiting.delete(wake)
      if (waiting.size === 0) this.#waiting.delete(key)
    }
  }

  async advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return entries.map(({ key, value }) => {
      if (value <= (this.#registers.get(key) ?? Number.NEGATIVE_INFINITY)) return false
      this.#registers.set(key, value)
      return true
    })
  }

  async now(): Promise<number> {
    return this.#runtime.now()
  }

  async close(): Promise<void> {}

  #live(key: string, now: number): Held | undefined {
    const held = this.#locks.get(key)
    return held !== undefined && held.expiresAt > now ? held : undefined
  }

  #find({ key, owner, fence }: LockHold | LockRelease, now: number): Held | undefined {
    const held = this.#live(key, now)
    return held?.owner === owner && (fence === null || held.fence === fence) ? held : undefined
  }
}

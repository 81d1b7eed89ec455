import type { Runtime } from '@escapement/base'
import { InvalidOptionError } from '@escapement/base'
import { UnsupportedError } from '../error/unsupported-error.ts'
import type { Lease } from '../lock/lease.ts'
import type { RegisterAdvance } from '../lock/lock-driver.ts'
import type { MutexManager } from '../lock/mutex-manager.ts'
import type { Finding } from '../store/finding.ts'

/** A lock server that is away is asked again this long after it failed. Milliseconds. */
const AGAIN_MS = 200

/** A mutex whose lock server has registers. */
export type RegisterMutex = MutexManager & Required<Pick<MutexManager, 'advanceMany'>>

/** @throws {@link InvalidOptionError}, {@link UnsupportedError} when ticks cannot be decided by this mutex. */
export function checkRegisters(mutex: MutexManager | undefined): asserts mutex is RegisterMutex {
  if (typeof mutex?.tryAcquire !== 'function') {
    throw new InvalidOptionError(
      'mutex is no mutex manager: it has no tryAcquire; pass what memoryMutex or dbMutex returns',
    )
  }
  if (mutex.advanceMany !== undefined) return
  throw new UnsupportedError(
    'mutex has no advanceMany: its lock server keeps no registers, which decide who runs a tick where instances share no store; pass a shared store such as dbStore(pool), or a mutex whose driver has advanceMany',
  )
}

/** What became of the lock server: after a failure nothing new starts here until it has answered again. */
export class LockServer {
  readonly #mutex: RegisterMutex
  readonly #runtime: Runtime
  #failure: { readonly error: unknown; readonly since: number; readonly at: number } | null = null

  constructor(mutex: RegisterMutex, runtime: Runtime) {
    this.#mutex = mutex
    this.#runtime = runtime
  }

  /** Whether it failed and has not answered since. */
  get isAway(): boolean {
    return this.#failure !== null
  }

  /**
   * Resolves when the lock server may be counted on. One that is away is asked something that changes nothing.
   *
   * @throws What it fails with.
   */
  async ready(namespace: string): Promise<void> {
    if (this.#failure === null) return
    if (this.#runtime.monotonic() < this.#failure.at + AGAIN_MS) throw this.#failure.error
    await this.reach(namespace)
  }

  /** Asks something that changes nothing. @throws What it fails with. */
  async reach(namespace: string): Promise<void> {
    await this.advance([{ key: `${namespace}/probe`, value: 0 }])
  }

  /** As `advanceMany` of the mutex. */
  advance(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return this.#ask(() => this.#mutex.advanceMany(entries))
  }

  /** As `tryAcquire` of the mutex. */
  tryAcquire(key: string, ttlMs: number): Promise<Lease | null> {
    return this.#ask(() => this.#mutex.tryAcquire(key, { ttl: ttlMs }))
  }

  findings(): readonly Finding[] {
    if (this.#failure === null) return []
    const { error, since } = this.#failure
    const awayMs = this.#runtime.monotonic() - since
    const message = `the lock server has not answered for ${Math.round(awayMs / 1_000)} s, so that nothing new starts here until it does: ${error instanceof Error ? error.message : String(error)}`
    return [{ code: 'lock-server-away', severity: 'critical', message }]
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question()
      this.#failure = null
      return answer
    } catch (error) {
      const at = this.#runtime.monotonic()
      this.#failure = { error, since: this.#failure?.since ?? at, at }
      throw error
    }
  }
}

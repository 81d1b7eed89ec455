import { durationMs, InvalidOptionError } from '@escapement/base'
import {
  type AcquireOptions,
  type Lease,
  type LeaseOptions,
  LockTimeoutError,
  LockUnavailableError,
  type MutexManager,
} from '@escapement/core'
import type { FaultyLockDriver } from '@escapement/testkit'
import type { Questions } from './cannot-be-asked.ts'
import { PeerLease } from './peer-lease.ts'
import type { PeerClient, PeerLock, PeerLockOptions } from './peer-library.ts'

const DEFAULT_TTL_MS = 30_000
const DEFAULT_WAIT_MS = 10_000

/**
 * A library behind the face that the contract knows, and nothing more: no deadline, no repeated request and no fence is
 * added. What the library lacks cannot be asked; its errors count as ours of the same meaning.
 */
export class PeerMutex implements MutexManager {
  readonly #prefix: string
  readonly #client: PeerClient
  readonly #takesSignal: boolean
  readonly #driver: FaultyLockDriver
  readonly #questions: Questions

  constructor(
    prefix: string,
    client: PeerClient,
    takesSignal: boolean,
    driver: FaultyLockDriver,
    questions: Questions,
  ) {
    this.#prefix = prefix
    this.#client = client
    this.#takesSignal = takesSignal
    this.#driver = driver
    this.#questions = questions
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lease> {
    const waitMs = durationMs(options.wait ?? DEFAULT_WAIT_MS, 'wait')
    const lock = await this.#ask(options, (wanted) => {
      const name = this.#nameOf(key)
      const waited = waitMs > 0 ? this.#client.acquire?.(name, { ...wanted, waitMs }) : undefined
      return waited ?? this.#client.tryAcquire(name, wanted)
    })
    if (lock === null && waitMs > 0 && this.#client.acquire === undefined) {
      throw this.#questions.refuse('it asks once and cannot wait')
    }
    if (lock === null) throw new LockTimeoutError(`another owner held ${key} for all of ${waitMs} ms`)
    return new PeerLease(key, lock, ttlMsOf(options), this.#questions)
  }

  async tryAcquire(key: string, options: LeaseOptions = {}): Promise<Lease | null> {
    const lock = await this.#ask(options, (wanted) => this.#client.tryAcquire(this.#nameOf(key), wanted))
    return lock === null ? null : new PeerLease(key, lock, ttlMsOf(options), this.#questions)
  }

  async withLock<T>(key: string, work: (lease: Lease) => Promise<T>, options?: AcquireOptions): Promise<T> {
    const lease = await this.acquire(key, options)
    try {
      return await work(lease)
    } finally {
      await lease.release()
    }
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A name of its own for each case; what is no key is left as it is, for the library to refuse. */
  #nameOf(key: string): string {
    return typeof key === 'string' && key.length > 0 ? this.#prefix + key : key
  }

  async #ask(
    options: LeaseOptions,
    question: (wanted: PeerLockOptions) => Promise<PeerLock | null>,
  ): Promise<PeerLock | null> {
    const { signal } = options
    if (signal !== undefined && !this.#takesSignal)
      throw this.#questions.refuse('its waits cannot be ended by a signal')
    const calls = this.#driver.calls.length
    try {
      return await question({ ttlMs: ttlMsOf(options), renews: options.renew ?? true, signal })
    } catch (error) {
      if (this.#questions.reason !== undefined || (signal?.aborted && error === signal.reason)) throw error
      const isRefused = this.#driver.calls.length === calls
      const text = error instanceof Error ? error.message : String(error)
      throw isRefused
        ? new InvalidOptionError(text, { cause: error })
        : new LockUnavailableError(text, { cause: error })
    }
  }
}

/** A number goes on as it is, for the library to refuse. */
function ttlMsOf({ ttl = DEFAULT_TTL_MS }: LeaseOptions): number {
  return typeof ttl === 'number' ? ttl : durationMs(ttl, 'ttl')
}

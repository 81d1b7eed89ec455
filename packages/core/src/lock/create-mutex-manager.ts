import { type Duration, durationMs, type Logger, quietLogger, type Runtime, systemRuntime } from '@escapement/base'
import { LockUnavailableError } from '../error/lock-unavailable-error.ts'
import { Acquisition, type Wanted } from './acquisition.ts'
import { CallStop } from './call-stop.ts'
import { DriverCalls } from './driver-calls.ts'
import { HeldLease } from './held-lease.ts'
import { KeyTurns } from './key-turns.ts'
import type { Lease } from './lease.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { LockDriver } from './lock-driver.ts'
import { checkLockKey } from './lock-key.ts'
import type { AcquireOptions, LeaseOptions, MutexManager } from './mutex-manager.ts'

const DEFAULT_TTL: Duration = '30s'
const DEFAULT_WAIT: Duration = '10s'

/** What a manager runs with. */
export interface MutexManagerOptions {
  /** Clocks, timers, ids and chance. Default {@link systemRuntime}. */
  readonly runtime?: Runtime
  /** Hears of lost leases. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/**
 * Makes a mutex of a lock server: adds waiting, renewal, deadlines, signals, repeated requests and the kinds of errors
 * to what the driver does at the server. Several managers may share a server.
 */
export function createMutexManager(driver: LockDriver, options: MutexManagerOptions = {}): MutexManager {
  return new DriverMutexManager(driver, options.runtime ?? systemRuntime, options.logger ?? quietLogger)
}

class DriverMutexManager implements MutexManager {
  readonly #calls: DriverCalls
  readonly #keeper: LeaseKeeper
  readonly #turns = new KeyTurns()
  /** The calls that have not been answered, with their keys. */
  readonly #asking = new Map<CallStop, string>()
  #closed: Promise<void> | undefined

  constructor(driver: LockDriver, runtime: Runtime, logger: Logger) {
    this.#calls = new DriverCalls(driver, runtime, logger)
    this.#keeper = new LeaseKeeper(this.#calls, (key) => this.#turns.nudge(key))
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lease> {
    const wanted = this.#wanted(key, options, durationMs(options.wait ?? DEFAULT_WAIT, 'wait'))
    return this.#ask(wanted, options.signal, (acquisition) => acquisition.wait(this.#turns.enter(key)))
  }

  async tryAcquire(key: string, options: LeaseOptions = {}): Promise<Lease | null> {
    const wanted = this.#wanted(key, options, 0)
    const answer = await this.#ask(wanted, options.signal, (acquisition) => acquisition.ask())
    return answer instanceof HeldLease ? answer : null
  }

  async withLock<T>(key: string, work: (lease: Lease) => Promise<T>, options?: AcquireOptions): Promise<T> {
    await using lease = await this.acquire(key, options)
    const result = await work(lease)
    lease.assertHeld()
    return result
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #wanted(key: string, options: LeaseOptions, waitMs: number): Wanted {
    checkLockKey(key)
    const { minTtlMs, maxTtlMs } = this.#calls.driver
    const ttlMs = durationMs(options.ttl ?? DEFAULT_TTL, 'ttl', { minMs: minTtlMs, maxMs: maxTtlMs })
    return { key, ttlMs, renews: options.renew ?? true, waitMs }
  }

  /** Runs one call until it is answered, the caller gives it up, or the manager is closed. */
  async #ask<T>(
    wanted: Wanted,
    signal: AbortSignal | undefined,
    run: (acquisition: Acquisition) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closed !== undefined) throw closedError(wanted.key)
    const stop = new CallStop()
    const onAbort = (): void => stop.stop(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    this.#asking.set(stop, wanted.key)
    try {
      return await this.#calls.track(run(new Acquisition(this.#calls, this.#keeper, wanted, stop)))
    } finally {
      this.#asking.delete(stop)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async #close(): Promise<void> {
    for (const [stop, key] of this.#asking) stop.stop(closedError(key))
    // What is granted at this very moment must be seen before what is held is released.
    await this.#calls.settled()
    await Promise.all(this.#keeper.held.map((lease) => lease[Symbol.asyncDispose]()))
    await this.#calls.close()
  }
}

function closedError(key: string): LockUnavailableError {
  return new LockUnavailableError(`Lock ${JSON.stringify(key)}: the mutex manager is closed; make another one`)
}

import { durationMs, InvalidOptionError, type Logger, quietLogger, type Runtime, systemRuntime } from '@escapement/base'
import { LockUnavailableError } from '../error/lock-unavailable-error.ts'
import { Acquisition } from './acquisition.ts'
import { DriverCalls } from './driver-calls.ts'
import { HeldLease } from './held-lease.ts'
import { KeyTurns } from './key-turns.ts'
import type { Lease } from './lease.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { REGISTER_ANSWER_MS } from './lease-timing.ts'
import type { LockDriver, RegisterAdvance } from './lock-driver.ts'
import { checkLockKey } from './lock-key.ts'
import type { AcquireOptions, LeaseOptions, MutexManager } from './mutex-manager.ts'
import type { Wanted } from './wanted.ts'

const DEFAULT_TTL_MS = 30_000
const DEFAULT_WAIT_MS = 10_000

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
  readonly advanceMany?: NonNullable<MutexManager['advanceMany']>
  readonly serverNow?: NonNullable<MutexManager['serverNow']>
  readonly #calls: DriverCalls
  readonly #keeper: LeaseKeeper
  readonly #turns = new KeyTurns()
  /** The calls that have not been answered. */
  readonly #asking = new Set<Acquisition>()
  #closed: Promise<void> | undefined

  constructor(driver: LockDriver, runtime: Runtime, logger: Logger) {
    this.#calls = new DriverCalls(driver, runtime, logger)
    this.#keeper = new LeaseKeeper(this.#calls, (key) => this.#turns.nudge(key))
    const advanceMany = driver.advanceMany?.bind(driver)
    if (advanceMany !== undefined) {
      this.advanceMany = async (entries) => {
        for (const entry of entries) checkAdvance(entry)
        return this.#ask(registerNames(entries), () => advanceMany(entries))
      }
    }
    const now = driver.now?.bind(driver)
    if (now !== undefined) this.serverNow = async () => this.#ask('Lock clock', now)
  }

  async acquire(key: string, options: AcquireOptions = {}): Promise<Lease> {
    const waitMs = durationMs(options.wait ?? DEFAULT_WAIT_MS, 'wait')
    const call = this.#begin(this.#wanted(key, options, waitMs), options.signal)
    try {
      return await call.wait(this.#turns.enter(key))
    } finally {
      this.#end(call)
    }
  }

  async tryAcquire(key: string, options: LeaseOptions = {}): Promise<Lease | null> {
    const call = this.#begin(this.#wanted(key, options, 0), options.signal)
    try {
      const answer = await call.ask()
      return answer instanceof HeldLease ? answer : null
    } finally {
      this.#end(call)
    }
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

  /** Asks the driver for something that is about no lease; never asks twice. */
  async #ask<T>(about: string, question: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw closedError(about)
    this.#calls.begin()
    try {
      return await this.#calls.ask(REGISTER_ANSWER_MS, about, question())
    } finally {
      this.#calls.end()
    }
  }

  #wanted(key: string, options: LeaseOptions, waitMs: number): Wanted {
    checkLockKey(key)
    const { minTtlMs, maxTtlMs } = this.#calls.driver
    const ttlMs = durationMs(options.ttl ?? DEFAULT_TTL_MS, 'ttl', { minMs: minTtlMs, maxMs: maxTtlMs })
    return { key, ttlMs, renews: options.renew ?? true, waitMs }
  }

  /** From here until its {@link DriverMutexManager.#end} a call can be ended by the caller and by the closing of the manager. */
  #begin(wanted: Wanted, signal: AbortSignal | undefined): Acquisition {
    signal?.throwIfAborted()
    if (this.#closed !== undefined) throw closedError(lockName(wanted.key))
    const call = new Acquisition(this.#calls, this.#keeper, wanted, signal)
    this.#asking.add(call)
    this.#calls.begin()
    return call
  }

  #end(call: Acquisition): void {
    call.end()
    this.#asking.delete(call)
    this.#calls.end()
  }

  async #close(): Promise<void> {
    for (const call of this.#asking) call.stop(closedError(lockName(call.wanted.key)))
    // What is granted at this very moment must be seen before what is held is released.
    await this.#calls.settled()
    await Promise.all(this.#keeper.held.map((lease) => lease[Symbol.asyncDispose]()))
    await this.#calls.close()
  }
}

function checkAdvance({ key, value }: RegisterAdvance): void {
  checkLockKey(key)
  if (Number.isSafeInteger(value)) return
  throw new InvalidOptionError(`register ${JSON.stringify(key)} is to be ${String(value)}; it must be a safe integer`)
}

function registerNames([first, ...others]: readonly RegisterAdvance[]): string {
  const name = first === undefined ? 'none' : JSON.stringify(first.key)
  return `Lock registers (${name}${others.length > 0 ? ` and ${others.length} more` : ''})`
}

function lockName(key: string): string {
  return `Lock ${JSON.stringify(key)}`
}

function closedError(about: string): LockUnavailableError {
  return new LockUnavailableError(`${about}: the mutex manager is closed; make another one`)
}

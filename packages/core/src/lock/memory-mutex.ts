import type { Logger } from '@escapement/base'
import { createMutexManager } from './create-mutex-manager.ts'
import type { LockDriver } from './lock-driver.ts'
import { type MemoryLockOptions, memoryLockDriver } from './memory-lock-driver.ts'
import type { MutexManager } from './mutex-manager.ts'

/** Options of {@link memoryMutex}. */
export interface MemoryMutexOptions extends MemoryLockOptions {
  /** Shared with other managers of this process, so that they exclude each other. Default: a driver of its own. */
  readonly driver?: LockDriver
  /** Hears of lost leases. Default {@link quietLogger}. */
  readonly logger?: Logger
}

/** A mutex within one process: what `createScheduler` uses when it is given none. */
export function memoryMutex(options: MemoryMutexOptions = {}): MutexManager {
  return createMutexManager(options.driver ?? memoryLockDriver(options), options)
}

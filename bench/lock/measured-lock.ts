import type { MutexManager } from '@escapement/core'

/** How many keys are locked in turn. */
export const KEYS = 10

/** The name of one of them. */
export function keyOf(n: number): string {
  return `bench-${n % KEYS}`
}

/** A mutex beside its floor, on the same database with the same durability. */
export interface MeasuredLock extends AsyncDisposable {
  /** As in `dbMutex on SQLite`. */
  readonly database: string
  /** What an acquire and a release may cost at most, as a multiple of the floor. */
  readonly reach: number
  readonly mutex: MutexManager
  /** Takes a row with a fence and frees it, by two prepared statements and nothing else. */
  floor(key: string): Promise<void>
}

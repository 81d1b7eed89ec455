import type { LockBackend } from './lock-contender.ts'

/** What is wanted of a backend: section 5 of the design. */
export interface LockReach {
  /** An acquire and a release, as a multiple of the floor; null: nothing is said. */
  readonly multiple: number | null
  /** Hand-off between processes, milliseconds; null: within one process only. */
  readonly handOff: { readonly p50Ms: number; readonly p99Ms: number | null } | null
}

/** How long beyond its lease a dead holder may keep its key, milliseconds. */
export const TAKEOVER_MS = 50
/** What an acquire and a release may take with a hundred keys in contention, p99, milliseconds. */
export const CONTENDED_MS = 100

export const LOCK_REACH: Readonly<Record<LockBackend, LockReach>> = {
  memory: { multiple: null, handOff: null },
  SQLite: { multiple: 1.25, handOff: { p50Ms: 10, p99Ms: null } },
  PostgreSQL: { multiple: 1.15, handOff: { p50Ms: 2, p99Ms: 10 } },
  MariaDB: { multiple: null, handOff: { p50Ms: 10, p99Ms: null } },
  Redis: { multiple: 1.2, handOff: { p50Ms: 1, p99Ms: 10 } },
  etcd: { multiple: 1.15, handOff: { p50Ms: 1.5, p99Ms: 10 } },
}

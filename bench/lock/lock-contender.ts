/** What locks are kept in. */
export type LockBackend = 'memory' | 'SQLite' | 'PostgreSQL' | 'MariaDB' | 'Redis' | 'etcd'

/** One way to lock: ours, a peer's, or the bare commands that mean the same. */
export interface LockContender {
  /** With its backend, and a peer's with its version; no two are alike. */
  readonly name: string
  readonly backend: LockBackend
  readonly part: 'floor' | 'ours' | 'peer'
  /** How it is set, and what it leaves out; Markdown. */
  readonly settings?: string
  /** Whether `acquire` waits while others hold the key. */
  readonly waits: boolean
  /** Whether what a dead holder had ends with its connection, or with its lease. */
  readonly endsWith: 'connection' | 'lease'
  /**
   * Connects, and makes what it needs.
   *
   * @param place - The URL of an empty database, or the path of a file.
   */
  open(place: string): Promise<OpenLock>
}

/** A contender, connected. */
export interface OpenLock extends AsyncDisposable {
  /** Takes the key for `ttlMs`, which has no meaning where locks end with their connection; answers how to give it back. */
  acquire(key: string, ttlMs: number): Promise<() => Promise<unknown>>
}

/** How many keys are locked in turn. */
const KEYS = 10

/** The names of the keys that may be locked at once by those who make a row for each beforehand. */
export const SEEDED_KEYS: readonly string[] = Array.from({ length: 50 }, (_, n) => `bench-${n}`)

/** The name of the one that is locked as the `n`th. */
export function keyOf(n: number): string {
  return SEEDED_KEYS[n % KEYS] ?? ''
}

import {
  checkNames,
  type Duration,
  durationMs,
  InvalidOptionError,
  type NamesOf,
  type Runtime,
  systemRuntime,
} from '@escapement/base'
import { memoryRefused } from './connect-sqlite.ts'
import { openNodeSqlite } from './node-sqlite.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import type { SqliteDriver } from './sqlite-driver.ts'

/** How to open a SQLite file: by its name, or by a function that opens it. */
export interface OpenSqliteOptions {
  /** The file; made when it does not exist, its folder is not. */
  readonly file?: string
  /**
   * Opens a new connection, with better-sqlite3 for instance. Needed where the same process opens the same file with
   * that library: two copies of SQLite in one process undo each other's locks. Long reads then run on the event loop.
   */
  readonly open?: () => SqliteDriver
  /** How long a write or read waits while another process holds the lock. Default `5s`. */
  readonly busyTimeout?: Duration
  /** Clocks and sleeps. Default: the system's. */
  readonly runtime?: Runtime
}

const NAMES: NamesOf<OpenSqliteOptions> = { file: true, open: true, busyTimeout: true, runtime: true }

/**
 * Makes an own handle on a SQLite file; it opens when first used.
 *
 * @throws {@link InvalidOptionError} for `:memory:` or when neither or both of `file` and `open` are given.
 * @example
 * ```ts
 * const db = openSqlite({ file: 'jobs.db' })
 * ```
 */
export function openSqlite(options: OpenSqliteOptions): SqliteDatabase {
  checkNames('openSqlite', options, NAMES)
  const { file, open } = options
  if ((file === undefined) === (open === undefined)) {
    throw new InvalidOptionError(
      'openSqlite needs either a file or a function that opens one, not both: openSqlite({ file: "jobs.db" })',
    )
  }
  if (file !== undefined) checkFile(file)
  if (open !== undefined && typeof open !== 'function') {
    throw new InvalidOptionError(`open is of type ${typeof open}; it must be a function that opens a connection`)
  }
  return new SqliteDatabase({
    file: file ?? 'given by open()',
    openDriver: open ?? (() => openNodeSqlite(file as string)),
    runtime: options.runtime ?? systemRuntime,
    busyTimeoutMs: durationMs(options.busyTimeout ?? '5s', 'busyTimeout', { maxMs: 600_000 }),
  })
}

function checkFile(file: unknown): void {
  if (typeof file !== 'string' || file.trim() === '' || file.includes('\0')) {
    throw new InvalidOptionError(`file is ${JSON.stringify(file)}; it must be the name of a file such as "jobs.db"`)
  }
  if (file.startsWith(':memory:') || /^file:.*(:memory:|mode=memory)/.test(file)) throw memoryRefused(file)
}

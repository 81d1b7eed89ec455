import { InvalidOptionError, type Runtime } from '@escapement/base'
import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import { retryWhileBusy } from './busy-retry.ts'
import { KEPT_WAL_BYTES } from './checkpointer.ts'
import type { SqliteDriver } from './sqlite-driver.ts'
import { isBusy } from './sqlite-error.ts'

/** The oldest SQLite that has all that the statements use (rule 8). */
const LEAST_VERSION = [3, 38] as const

/** Pages kept in memory, KiB: the inner pages of all indexes of a million executions. */
const CACHE_KIB = 32_000

/** Says why there is no store in `:memory:` and what to use. */
export function memoryRefused(file: string): InvalidOptionError {
  return new InvalidOptionError(
    `file is "${file}": a database in memory would be another one for each connection; name a file, or use memoryStore() of @escapement/core`,
  )
}

/**
 * Opens a connection and sets it up; waits without blocking while other processes do the same.
 *
 * @returns The connection and the path of its main file.
 */
export async function connectSqlite(
  {
    file,
    runtime,
    busyTimeoutMs,
  }: { readonly file: string; readonly runtime: Runtime; readonly busyTimeoutMs: number },
  openDriver: () => SqliteDriver,
): Promise<{ readonly driver: SqliteDriver; readonly path: string }> {
  const step = (): { driver: SqliteDriver; path: string } => {
    const driver = openDriver()
    try {
      return { driver, path: setUp(driver, file) }
    } catch (error) {
      driver.close()
      throw error
    }
  }
  return retryWhileBusy(runtime, file, busyTimeoutMs, step)
}

function setUp(driver: SqliteDriver, file: string): string {
  driver.exec('PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON')
  const { version } = driver.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    throw new DatabaseUnusableError(`SQLite ${version} is too old; at least ${LEAST_VERSION.join('.')} is needed`)
  }
  const databases = driver.prepare('PRAGMA database_list').all() as { name: string; file: string | null }[]
  const path = databases.find((database) => database.name === 'main')?.file ?? ''
  if (path === '') throw memoryRefused(file)
  const { journal_mode: mode } = driver.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string }
  if (mode !== 'wal') {
    throw new DatabaseUnusableError(
      `database "${file}" cannot be put into WAL mode (it stays in "${mode}"); use a local disk and no network share`,
    )
  }
  driver.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${CACHE_KIB}`)
  driver.prepare(`PRAGMA journal_size_limit = ${KEPT_WAL_BYTES}`).get()
  refuseReadOnly(driver)
  return path
}

/** A file that cannot be written is said so at once, not at the first write. */
function refuseReadOnly(driver: SqliteDriver): void {
  try {
    // BEGIN alone succeeds on a read-only file; a write that is taken back does not.
    driver.exec('BEGIN IMMEDIATE; PRAGMA user_version = 1; ROLLBACK')
  } catch (error) {
    if (!isBusy(error)) throw error // another process writes just now: then it can be written
  }
}

import type { JobStore, MutexManager } from '@escapement/core'
import type { Database } from './schema.ts'

/** One database: the application's tables, jobs and locks. */
export interface OpenedDatabase {
  readonly db: Database
  readonly store: JobStore
  readonly mutex: MutexManager
  /**
   * Makes the application's tables where they are missing.
   *
   * @throws Error that names the database, without its password, when it cannot be reached or written.
   */
  createTables(): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}

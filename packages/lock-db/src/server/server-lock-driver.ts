import type { LockDriver } from '@escapement/core'
import type { MigrateMode, PgNotify, ServerDatabase } from '@escapement/db'
import { ServerLockDriver } from './lock-driver.ts'
import { type LockTable, openLockTable } from './lock-table.ts'
import { NotifiedLockDriver } from './notified-lock-driver.ts'

/** How the locks are kept on a server. */
export interface ServerLockSettings {
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly mode: MigrateMode
  /** Only on PostgreSQL; null: waiters poll. */
  readonly notify: PgNotify | null
}

/** Locks on PostgreSQL, MySQL or MariaDB. */
export function serverLockDriver(database: ServerDatabase, { prefix, mode, notify }: ServerLockSettings): LockDriver {
  const open = (): Promise<LockTable> => openLockTable(database, prefix, mode)
  return notify === null ? new ServerLockDriver(open) : new NotifiedLockDriver(open, notify)
}

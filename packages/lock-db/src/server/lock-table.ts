import {
  type ConnectedServer,
  type MigrateMode,
  migrateServer,
  notificationChannel,
  type ServerDatabase,
} from '@escapement/db'
import { LOCK_COMPONENT } from '../lock-component.ts'
import { lockMigrations, lockMigrationScript } from './lock-migrations.ts'
import { type LockStatements, lockStatements } from './lock-statements.ts'

/** The table of the locks, there and up to date, and what runs on it. */
export interface LockTable {
  readonly server: ConnectedServer
  readonly statements: LockStatements
  /** PostgreSQL: where releases are told. */
  readonly channel: string
}

/** Connects, and makes or checks the table. */
export async function openLockTable(database: ServerDatabase, prefix: string, mode: MigrateMode): Promise<LockTable> {
  const server = await database.open()
  await migrateServer(server, {
    component: LOCK_COMPONENT,
    migrations: lockMigrations(server, prefix),
    prefix,
    tables: ['locks'],
    mode,
    script: lockMigrationScript(server, prefix),
  })
  const channel = notificationChannel(prefix, 'locks', server.schema)
  return { server, statements: lockStatements(server, prefix), channel }
}

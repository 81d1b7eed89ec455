import { type MigrateMode, migrateSqlite, type SqliteDatabase } from '@escapement/db'
import { LOCK_COMPONENT } from '../lock-component.ts'
import { MigratingRunner } from '../migrating-runner.ts'
import type { StatementRunner } from '../statement-runner.ts'
import { lockMigrations, lockMigrationScript } from './lock-migrations.ts'

/** Runs on the handle that `openSqlite` makes: statements of one turn share a commit. */
export function handleRunner(database: SqliteDatabase, prefix: string, mode: MigrateMode): StatementRunner {
  const migrations = lockMigrations(prefix)
  const script = lockMigrationScript(prefix)
  const runner: StatementRunner = {
    write: (sql, parameters) => database.write((session) => session.all(sql, parameters())),
    change: (sql, parameters) => database.write((session) => session.run(sql, parameters())),
    read: (sql, parameters) => database.read((session) => session.all(sql, parameters())),
  }
  return new MigratingRunner(runner, () =>
    migrateSqlite(database, { component: LOCK_COMPONENT, migrations, prefix, mode, script }),
  )
}

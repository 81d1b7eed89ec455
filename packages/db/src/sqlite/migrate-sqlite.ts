import { migrationCommand, SQLITE_PATH_SQL } from '../migration/migration-command.ts'
import type { MigrateMode, Migration, RecordedVersion } from '../migration/migration.ts'
import { pendingMigrations } from '../migration/pending-migrations.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { SqliteSession } from './sqlite-session.ts'

/** What to migrate. */
export interface MigrateSqliteOptions {
  /** Such as `jobs`; each component has versions of its own. */
  readonly component: string
  readonly migrations: readonly Migration[]
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly mode: MigrateMode
  /** An ES module that does the same to the file `process.argv[1]`, for the command that `check` names; see {@link migrationCommand}. */
  readonly script: string
}

/**
 * Brings a component's tables up to date. Any number of processes may do so at once, and any may die in between: each
 * step is one transaction and is skipped when the recorded version says that another process has finished it.
 *
 * @throws {@link SchemaIncompatibleError} when the tables are too new, or not up to date and `mode` is `check`.
 */
export async function migrateSqlite(database: SqliteDatabase, options: MigrateSqliteOptions): Promise<void> {
  const { component, migrations, prefix, mode, script } = options
  const [recorded, path] = await database.read((session) => [
    readVersion(session, prefix, component),
    session.get<{ file: string }>(SQLITE_PATH_SQL)?.file ?? database.file,
  ])
  const command = migrationCommand(script, path)
  for (const migration of pendingMigrations({ component, migrations, recorded, mode, command })) {
    await database.write((session) =>
      session.exec(
        `CREATE TABLE IF NOT EXISTS ${prefix}schema (
           component TEXT PRIMARY KEY, version INTEGER NOT NULL, min_compatible INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID`,
      ),
    )
    for (const step of migration.steps) {
      await database.write((session) => {
        if ((readVersion(session, prefix, component)?.version ?? 0) < migration.version) session.exec(step)
      })
    }
    await database.write((session) => {
      session.run(
        `INSERT INTO ${prefix}schema (component, version, min_compatible) VALUES (?, ?, ?)
         ON CONFLICT (component) DO UPDATE SET version = excluded.version, min_compatible = excluded.min_compatible
         WHERE version < excluded.version`,
        [component, migration.version, migration.minCompatible],
      )
    })
  }
}

function readVersion(session: SqliteSession, prefix: string, component: string): RecordedVersion | null {
  const exists = session.get(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, [`${prefix}schema`])
  if (exists === undefined) return null
  const row = session.get<{ version: number; min_compatible: number }>(
    `SELECT version, min_compatible FROM ${prefix}schema WHERE component = ?`,
    [component],
  )
  return row === undefined ? null : { version: row.version, minCompatible: row.min_compatible }
}

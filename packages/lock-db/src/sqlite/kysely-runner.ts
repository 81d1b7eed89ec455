import {
  type MigrateMode,
  type Migration,
  migrationCommand,
  pendingMigrations,
  SQLITE_PATH_SQL,
  type SqliteValue,
  sqliteError,
} from '@escapement/db'
import { CompiledQuery, type Kysely } from 'kysely'
import { LOCK_COMPONENT } from '../lock-component.ts'
import { MigratingRunner } from '../migrating-runner.ts'
import type { StatementRunner } from '../statement-runner.ts'
import { lockMigrations, lockMigrationScript } from './lock-migrations.ts'

/**
 * Runs on the connection of the host's Kysely over SQLite, with its settings: how durable a commit is and how long it
 * waits for the file is up to the host. No second connection is opened: two copies of SQLite in one process undo each
 * other's locks on a file.
 */
export function kyselyRunner(kysely: Kysely<unknown>, prefix: string, mode: MigrateMode): StatementRunner {
  const plain = kysely.withoutPlugins()
  const run = async <Row>(sql: string, parameters: readonly SqliteValue[]): Promise<Row[]> => {
    try {
      return (await plain.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))).rows
    } catch (error) {
      throw sqliteError(error, 'of the given Kysely')
    }
  }
  const runner: StatementRunner = {
    write: (sql, parameters) => run(sql, parameters()),
    // Not every dialect counts what it changed.
    change: async (sql, parameters) => (await run(`${sql} RETURNING 1`, parameters())).length,
    read: (sql, parameters) => run(sql, parameters()),
  }
  return new MigratingRunner(runner, () => migrate(run, prefix, mode))
}

type Run = <Row>(sql: string, parameters: readonly SqliteValue[]) => Promise<Row[]>

/** As `migrateSqlite` does on a handle: each step can be repeated, and the version only goes up. */
async function migrate(run: Run, prefix: string, mode: MigrateMode): Promise<void> {
  const recorded = await readVersion(run, prefix)
  const [path] = await run<{ file: string }>(SQLITE_PATH_SQL, [])
  const command = migrationCommand(lockMigrationScript(prefix), path?.file ?? '')
  const given = { component: LOCK_COMPONENT, migrations: lockMigrations(prefix), recorded, mode, command }
  for (const migration of pendingMigrations(given)) {
    await run(
      `CREATE TABLE IF NOT EXISTS ${prefix}schema (
         component TEXT PRIMARY KEY, version INTEGER NOT NULL, min_compatible INTEGER NOT NULL
       ) STRICT, WITHOUT ROWID`,
      [],
    )
    for (const step of migration.steps) await run(step, [])
    await recordVersion(run, prefix, migration)
  }
}

async function readVersion(run: Run, prefix: string): Promise<{ version: number; minCompatible: number } | null> {
  const tables = await run(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, [`${prefix}schema`])
  if (tables.length === 0) return null
  const [row] = await run<{ version: number; min_compatible: number }>(
    `SELECT version, min_compatible FROM ${prefix}schema WHERE component = ?`,
    [LOCK_COMPONENT],
  )
  return row === undefined ? null : { version: row.version, minCompatible: row.min_compatible }
}

async function recordVersion(run: Run, prefix: string, { version, minCompatible }: Migration): Promise<void> {
  await run(
    `INSERT INTO ${prefix}schema (component, version, min_compatible) VALUES (?, ?, ?)
     ON CONFLICT (component) DO UPDATE SET version = excluded.version, min_compatible = excluded.min_compatible
     WHERE version < excluded.version`,
    [LOCK_COMPONENT, version, minCompatible],
  )
}

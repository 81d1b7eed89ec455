import { SchemaIncompatibleError } from '../error/schema-incompatible-error.ts'
import type { MigrateMode, Migration, RecordedVersion } from './migration.ts'

/** A component's tables and where they are. */
export interface MigrationCase {
  /** Such as `jobs`. */
  readonly component: string
  readonly migrations: readonly Migration[]
  /** Null: the component has no tables yet. */
  readonly recorded: RecordedVersion | null
  readonly mode: MigrateMode
  /** The shell command that migrates the tables, as `migrationCommand` makes it; stands in the message of `check`. */
  readonly command: string
}

/**
 * The migrations that are to be applied, oldest first.
 *
 * @throws {@link SchemaIncompatibleError} when the tables are too new for this library, or too old and `mode` is `check`.
 */
export function pendingMigrations({
  component,
  migrations,
  recorded,
  mode,
  command,
}: MigrationCase): readonly Migration[] {
  const newest = migrations.at(-1)?.version ?? 0
  if (recorded !== null && newest < recorded.minCompatible) {
    throw new SchemaIncompatibleError(
      `the tables of "${component}" have version ${recorded.version} and need a library with version ${recorded.minCompatible} or later; this one has ${newest}: upgrade Escapement`,
    )
  }
  const pending = migrations.filter((migration) => migration.version > (recorded?.version ?? 0))
  if (pending.length > 0 && mode === 'check') {
    const state = recorded === null ? 'do not exist' : `have version ${recorded.version}`
    throw new SchemaIncompatibleError(
      `the tables of "${component}" ${state}; this library needs version ${newest}: open it once with migrate: 'auto', or run this in the folder of the application:\n${command}`,
    )
  }
  return pending
}

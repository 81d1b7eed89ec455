import { createHash } from 'node:crypto'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import type { MigrateMode, Migration } from '../migration/migration.ts'
import { pendingMigrations } from '../migration/pending-migrations.ts'
import { type ConflictPatience, retryConflicts } from './conflict-retry.ts'
import type { ConnectedServer } from './connected-server.ts'
import { serverMigrationCommand } from './server-migration-command.ts'
import type { SqlSession } from './sql-server.ts'
import { VersionTable } from './version-table.ts'

/** What to migrate. */
export interface MigrateServerOptions {
  /** Such as `jobs`; each component has versions of its own. */
  readonly component: string
  /** Their steps are for this server's dialect, with the names of {@link ConnectedServer.table}. */
  readonly migrations: readonly Migration[]
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  /** The component's tables, without prefix: the account is checked for its rights on them. */
  readonly tables: readonly string[]
  readonly mode: MigrateMode
  /** An ES module that does the same to the database at `process.env.DATABASE_URL`; see {@link serverMigrationCommand}. */
  readonly script: string
}

/**
 * Another process may be making an index of a large table. Between two waits for a lock, statements that were held up by
 * the first one have time to pass.
 */
const PATIENCE: ConflictPatience = {
  tries: Infinity,
  withinMs: 600_000,
  shortestPauseMs: 500,
  longestPauseMs: 2_000,
}
/** Before looking again whether another process has ended its step. */
const LONGEST_PAUSE_MS = 250

/**
 * Brings a component's tables up to date. Any number of processes may do so at once, and any may die in between: each
 * step is done by one session at a time, and only while the recorded version says that it is still to be done.
 *
 * A definition gives up after 1 s of waiting for its lock and is tried again, so that it never holds up a running system
 * behind a long transaction. A step on PostgreSQL runs inside a transaction: CONCURRENTLY is not possible.
 *
 * @throws {@link SchemaIncompatibleError} when the tables are too new, or not up to date and `mode` is `check`.
 * @throws {@link DatabaseUnusableError} when the account lacks a right, naming it and on what.
 */
export async function migrateServer(server: ConnectedServer, options: MigrateServerOptions): Promise<void> {
  const { component, migrations, prefix, tables, mode, script } = options
  const versions = new VersionTable(server, prefix, component)
  const recorded = await server.session((session) => versions.read(session))
  const command = serverMigrationCommand(script, server.place)
  const pending = pendingMigrations({ component, migrations, recorded, mode, command })
  const key = lockName(`${server.schema}.${prefix}`)
  if (pending.length > 0) {
    await alone(server, key, async (session) => {
      await server.family.prepareSchema(session, server)
      await session.exec(versions.definition)
    })
  }
  for (const migration of pending) {
    for (const step of [...migration.steps, null]) {
      await alone(server, key, async (session) => {
        const version = (await versions.read(session))?.version ?? null
        if (version !== null && version >= migration.version) return
        if (step === null) await versions.write(session, migration, version === null)
        else await make(server, session, step)
      })
    }
  }
  await server.family.checkRights(
    server,
    tables.map((table) => prefix + table),
  )
}

/** MySQL's names of locks hold for the whole server and have at most 64 characters. */
function lockName(tables: string): string {
  return `escapement:${createHash('sha256').update(tables).digest('hex').slice(0, 32)}`
}

/** Runs one step while no other process does one. */
async function alone(
  server: ConnectedServer,
  key: string,
  work: (session: SqlSession) => Promise<void>,
): Promise<void> {
  const { runtime, family } = server
  const startedAt = runtime.monotonic()
  const attempt = (): Promise<boolean> =>
    server.session((session) => family.exclusively(session, key, () => work(session)))
  while (!(await retryConflicts(runtime, attempt, PATIENCE))) {
    if (runtime.monotonic() - startedAt > PATIENCE.withinMs) {
      throw new DatabaseUnavailableError(
        `${server.place}: another process has been migrating the tables for ${PATIENCE.withinMs} ms; end it, or try again`,
      )
    }
    await runtime.sleep(10 + runtime.random() * LONGEST_PAUSE_MS)
  }
}

async function make(server: ConnectedServer, session: SqlSession, step: string): Promise<void> {
  try {
    await session.exec(step)
  } catch (error) {
    if (!server.family.isMadeAlready(error)) throw error
  }
}

import { type Kysely, sql } from 'kysely'
import { openNodeSqlite } from './node-sqlite.ts'

/**
 * Tells copies of SQLite apart: by source and by how it was built. Two copies in one process do not see each other's
 * locks on a file, and closing one drops the locks of the other: both writing can destroy it
 * (https://www.sqlite.org/howtocorrupt.html, 2.2.1).
 */
export const SQLITE_LIBRARY_SQL = `SELECT sqlite_source_id() || ' ' || group_concat(compile_options, ' ') AS library
  FROM (SELECT compile_options FROM pragma_compile_options ORDER BY 1)`

/** The copy of SQLite that is inside Node. */
export function nodeSqliteLibrary(): string {
  const driver = openNodeSqlite(':memory:')
  try {
    return (driver.prepare(SQLITE_LIBRARY_SQL).get() as { library: string }).library
  } finally {
    driver.close()
  }
}

/** The copy of SQLite that a host's Kysely uses. */
export async function sqliteLibraryOf(kysely: Kysely<unknown>): Promise<string> {
  const { rows } = await sql<{ library: string }>`${sql.raw(SQLITE_LIBRARY_SQL)}`.execute(kysely.withoutPlugins())
  return rows[0]?.library ?? 'unknown'
}

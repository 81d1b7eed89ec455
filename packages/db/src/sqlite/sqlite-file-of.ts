import { type Kysely, sql } from 'kysely'
import { memoryRefused } from './connect-sqlite.ts'

/**
 * The path of the file behind a host's Kysely over SQLite, so that an own handle can be opened on it.
 *
 * @throws {@link InvalidOptionError} when it is a database in memory.
 */
export async function sqliteFileOf(kysely: Kysely<unknown>): Promise<string> {
  const { rows } = await sql<{ name: string; file: string | null }>`PRAGMA database_list`.execute(
    kysely.withoutPlugins(),
  )
  const file = rows.find((row) => row.name === 'main')?.file ?? ''
  if (file === '') throw memoryRefused(':memory:')
  return file
}

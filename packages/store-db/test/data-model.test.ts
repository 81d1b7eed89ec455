import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
const PAGE = join(import.meta.dirname, '../../../docs/data-model.md')

/** Columns by table, as the page has them. */
function documented(): Record<string, string[]> {
  const tables: Record<string, string[]> = {}
  for (const section of readFileSync(PAGE, 'utf8').split('\n### ').slice(1)) {
    const [name = ''] = section.split('\n')
    const rows = [...section.matchAll(/^\| ([a-z_, ]+) \|/gm)].map((match) => (match[1] as string).trim())
    tables[name] = rows
      .filter((row) => row !== 'column')
      .flatMap((row) => row.split(', '))
      .toSorted()
  }
  return tables
}

it('docs/data-model.md has the tables and columns of a migrated database, and no others', async () => {
  const file = join(folder(), 'model.db')
  const store = sqliteStore({ file, prefix: 'p_' })
  await store.open()
  await store.close()
  const database = new DatabaseSync(file)
  const names = database.prepare(`SELECT substr(name, 3) AS name FROM sqlite_schema WHERE type = 'table'`).all()
  const migrated = names.map(({ name }): [string, string[]] => [
    String(name),
    database
      .prepare(`SELECT name FROM pragma_table_info('p_${String(name)}')`)
      .all()
      .map((column) => String(column['name']))
      .toSorted(),
  ])
  database.close()
  expect(documented()).toEqual(Object.fromEntries(migrated))
})

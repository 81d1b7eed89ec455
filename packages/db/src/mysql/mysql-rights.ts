import type { SqlServer } from '../server/sql-server.ts'
import { statement } from '../server/statement.ts'

const FIRST_COLUMNS = statement(
  `SELECT table_name AS name, column_name AS first FROM information_schema.columns
   WHERE table_schema = :schema AND ordinal_position = 1`,
)

/**
 * Checks the rights on tables by statements that touch no row; the server's refusal names right and table. Its own lists
 * of rights say nothing of roles and may not be readable.
 */
export async function checkMysqlRights(server: SqlServer, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return
  const names = tables.map((table) => server.table(table))
  const all = names.join(', ')
  await server.run(statement(`SELECT 1 FROM ${all} LIMIT 0`))
  const { rows } = await server.run<{ name: string; first: string }>(FIRST_COLUMNS, { schema: server.schema })
  const firstOf = new Map(rows.map(({ name, first }) => [name, first]))
  const changes = tables.map((table, index) => {
    const column = `${names[index]}.\`${firstOf.get(table)}\``
    return `${column} = ${column}`
  })
  await server.run(statement(`UPDATE ${all} SET ${changes.join(', ')} WHERE FALSE`))
  await server.run(statement(`DELETE ${all} FROM ${all} WHERE FALSE`))
  for (const name of names) await server.run(statement(`INSERT INTO ${name} SELECT * FROM ${name} WHERE FALSE`))
}

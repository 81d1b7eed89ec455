import { type Kysely, MysqlAdapter, PostgresAdapter, SqliteAdapter } from 'kysely'
import type { DialectName } from './dialect-name.ts'

const ADAPTERS = [
  [SqliteAdapter, 'sqlite'],
  [PostgresAdapter, 'postgres'],
  [MysqlAdapter, 'mysql'],
] as const

/** Whether `value` is a Kysely of this or another copy of the package. */
export function isKysely(value: unknown): value is Kysely<unknown> {
  return typeof value === 'object' && value !== null && 'getExecutor' in value && 'isTransaction' in value
}

/** The dialect of a Kysely; null for one that Escapement does not know. MariaDB cannot be told from MySQL without asking the server. */
export function kyselyDialect(kysely: Kysely<unknown>): Exclude<DialectName, 'mariadb'> | null {
  const { adapter } = kysely.getExecutor()
  const names = new Set<string>()
  for (let type: unknown = adapter; typeof type === 'object' && type !== null; type = Object.getPrototypeOf(type)) {
    names.add(type.constructor.name) // by name as well: the host may have another copy of Kysely
  }
  return ADAPTERS.find(([adapterType]) => adapter instanceof adapterType || names.has(adapterType.name))?.[1] ?? null
}

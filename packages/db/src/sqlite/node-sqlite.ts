import type * as NodeSqlite from 'node:sqlite'
import type { SqliteDriver } from './sqlite-driver.ts'

/** Loaded when first needed, since Node 22 warns that it is experimental and not every host of this package uses it. */
function nodeSqlite(): typeof NodeSqlite {
  return process.getBuiltinModule('node:sqlite')
}

/** Opens a file with the SQLite inside Node. */
export function openNodeSqlite(file: string): SqliteDriver {
  return new (nodeSqlite().DatabaseSync)(file)
}

/** Whether the connection belongs to the SQLite inside Node. */
export function isNodeSqlite(driver: SqliteDriver): boolean {
  return driver instanceof nodeSqlite().DatabaseSync
}

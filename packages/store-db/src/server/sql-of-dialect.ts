import type { ServerDialect } from '@escapement/db'
import { mysqlSql } from './mysql-sql.ts'
import { postgresSql } from './postgres-sql.ts'
import type { ServerSql } from './server-sql.ts'

/** The fragments of a dialect. */
export function sqlOfDialect(dialect: ServerDialect): ServerSql {
  return dialect === 'postgres' ? postgresSql : mysqlSql
}

import { InvalidOptionError } from '@escapement/base'
import type { Kysely } from 'kysely'
import { isKysely, kyselyDialect } from '../dialect/kysely-dialect.ts'
import { mysqlFamily } from '../mysql/mysql-family.ts'
import { asMysqlPool, type MysqlPool, type MysqlPromisePool } from '../mysql/mysql-pool.ts'
import { MysqlPoolDriver } from '../mysql/mysql-pool-driver.ts'
import { postgresFamily } from '../postgres/postgres-family.ts'
import { isPostgresPool, type PostgresPool } from '../postgres/postgres-pool.ts'
import { PostgresPoolDriver } from '../postgres/postgres-pool-driver.ts'
import { KyselyDriver } from './kysely-driver.ts'
import type { ServerDriver } from './server-driver.ts'
import type { ServerFamily } from './server-family.ts'

/** The host's own way to its server: a `pg.Pool`, a pool of `mysql2`, or a Kysely over one of them. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever tables the host's Kysely knows
export type ServerSource = PostgresPool | MysqlPool | MysqlPromisePool | Kysely<any>

/** How to reach what the host has passed in. */
export interface ServerAccess {
  readonly driver: ServerDriver
  readonly family: ServerFamily
  /** Whether values are written into the text of statements. */
  readonly isInterpolating: boolean
}

const WANTED = 'pass a pg.Pool, a pool of mysql2, or a Kysely over one of them'

/**
 * @param isPreparing - Whether statements are prepared; only where a pool was passed.
 * @throws {@link InvalidOptionError} for anything else, and for a Kysely transaction.
 */
export function accessOf(source: unknown, isPreparing: boolean): ServerAccess {
  if (typeof source !== 'object' || source === null) {
    throw new InvalidOptionError(`the database is ${source === null ? 'null' : `of type ${typeof source}`}; ${WANTED}`)
  }
  if (isKysely(source)) return accessOfKysely(source)
  if (isPostgresPool(source)) {
    return { driver: new PostgresPoolDriver(source, isPreparing), family: postgresFamily, isInterpolating: false }
  }
  const pool = asMysqlPool(source)
  if (pool === null) throw new InvalidOptionError(`the database is neither a pool nor a Kysely; ${WANTED}`)
  return { driver: new MysqlPoolDriver(pool, isPreparing), family: mysqlFamily, isInterpolating: !isPreparing }
}

function accessOfKysely(kysely: Kysely<unknown>): ServerAccess {
  if (kysely.isTransaction) {
    throw new InvalidOptionError('the database is a Kysely transaction; pass the Kysely that it was begun from')
  }
  const dialect = kyselyDialect(kysely)
  if (dialect === 'postgres') {
    return { driver: new KyselyDriver(kysely, 'PostgreSQL'), family: postgresFamily, isInterpolating: false }
  }
  if (dialect === 'mysql') {
    return { driver: new KyselyDriver(kysely, 'MySQL'), family: mysqlFamily, isInterpolating: true }
  }
  throw new InvalidOptionError(`the Kysely is not over PostgreSQL, MySQL or MariaDB; ${WANTED}`)
}

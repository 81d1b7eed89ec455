import { readFileSync } from 'node:fs'
import type { Logger } from '@escapement/base'
import { dbMutex } from '@escapement/lock-db'
import { dbStore } from '@escapement/store-db'
import { Kysely, MysqlDialect } from 'kysely'
import { createPool } from 'mysql2'
import { closing } from './closing.ts'
import { databaseError, shownUrl } from './database-error.ts'
import type { OpenedDatabase } from './opened-database.ts'
import type { Schema } from './schema.ts'

const CONNECTIONS = 10
/** Heartbeats and results have connections of their own: handlers that use up the others cost no lease. */
const CONTROL_CONNECTIONS = 2
const CONNECT_WITHIN_MS = 5_000

/** A MySQL or MariaDB server. The application, jobs and locks share a pool. */
export function openMysql(url: string, logger: Logger): OpenedDatabase {
  const newPool = (connectionLimit: number): ReturnType<typeof createPool> =>
    createPool({ uri: url, connectionLimit, connectTimeout: CONNECT_WITHIN_MS, charset: 'utf8mb4' })
  const pool = newPool(CONNECTIONS)
  const control = newPool(CONTROL_CONNECTIONS)
  const store = dbStore(pool, { control })
  const mutex = dbMutex(pool, { logger })
  return {
    db: new Kysely<Schema>({ dialect: new MysqlDialect({ pool }) }),
    store,
    mutex,
    async createTables() {
      const text = readFileSync(new URL('./schema.mysql.sql', import.meta.url), 'utf8')
      try {
        // One by one: mysql2 takes several in a text only when it is opened so, which would make injections worse.
        for (const statement of text.split(/;\s*$/m).filter((each) => each.trim() !== '')) {
          await pool.promise().query(statement)
        }
      } catch (error) {
        throw databaseError(shownUrl(url), error)
      }
    },
    close: closing(
      () => mutex.close(),
      () => store.close(),
      () => control.promise().end(),
      () => pool.promise().end(),
    ),
  }
}

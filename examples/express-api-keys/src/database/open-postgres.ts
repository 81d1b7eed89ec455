import { readFileSync } from 'node:fs'
import type { Logger } from '@escapement/base'
import { dbMutex } from '@escapement/lock-db'
import { dbStore, pgNotify } from '@escapement/store-db'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, Pool, types } from 'pg'
import { closing } from './closing.ts'
import { databaseError, shownUrl } from './database-error.ts'
import type { OpenedDatabase } from './opened-database.ts'
import type { Schema } from './schema.ts'

const CONNECTIONS = 10
/** Heartbeats and results have connections of their own: handlers that use up the others cost no lease. */
const CONTROL_CONNECTIONS = 2
const CONNECT_WITHIN_MS = 5_000

/** A PostgreSQL server. The application, jobs and locks share a pool. */
export function openPostgres(url: string, logger: Logger): OpenedDatabase {
  const connection = { connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS }
  const onError = (error: Error): void => logger.warn('database connection lost', { error: error.message })
  const newPool = (max: number): Pool => {
    const pool = new Pool({
      ...connection,
      max,
      // Instants and counts are far below 2^53: as numbers, not as text.
      types: {
        getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
      },
    })
    // An error event that nobody hears ends the process: the pool's when a connection rests, else the connection's own.
    return pool.on('error', onError).on('connect', (client) => client.on('error', onError))
  }
  const pool = newPool(CONNECTIONS)
  const control = newPool(CONTROL_CONNECTIONS)
  const notify = pgNotify(() => new Client(connection))
  const store = dbStore(pool, { control, notify })
  const mutex = dbMutex(pool, { logger, notify })
  return {
    db: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }),
    store,
    mutex,
    async createTables() {
      try {
        await pool.query(readFileSync(new URL('./schema.postgres.sql', import.meta.url), 'utf8'))
      } catch (error) {
        throw databaseError(shownUrl(url), error)
      }
    },
    close: closing(
      () => mutex.close(),
      () => store.close(),
      () => control.end(),
      () => pool.end(),
    ),
  }
}

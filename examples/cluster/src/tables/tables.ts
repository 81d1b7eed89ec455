import { Kysely, PostgresDialect } from 'kysely'
import type { Pool } from 'pg'

/** What one call of a handler has seen, written by the handler itself. Instants in Unix milliseconds of the server's clock. */
interface RunRow {
  execution_id: string
  attempt: number
  job: string
  instance: string
  started_at: number
  /** Null: the handler has not come to its end, because it still runs or its process was killed. */
  ended_at: number | null
}

/** The one row that `stocktake` writes. */
interface StockRow {
  id: 1
  counted: number
  /** Who counted. */
  instance: string | null
  /** The highest fence that has written; null: none yet. */
  fence: bigint | null
}

/** The tables of the application. The job store keeps its own (`escapement_*`) in the same database. */
interface Tables {
  cluster_runs: RunRow
  cluster_stock: StockRow
}

/** The application's database. */
export type Database = Kysely<Tables>

/** The application's tables through a pool, which stays the caller's to end. */
export function openTables(pool: Pool): Database {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

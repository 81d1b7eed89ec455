import { sql } from 'kysely'
import type { Database } from './tables.ts'

/** Makes the application's tables, and empties them if they are there from an earlier time. */
export async function createTables(db: Database): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS cluster_runs (
    execution_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    job TEXT NOT NULL,
    instance TEXT NOT NULL,
    started_at DOUBLE PRECISION NOT NULL,
    ended_at DOUBLE PRECISION,
    PRIMARY KEY (execution_id, attempt)
  )`.execute(db)
  await sql`CREATE TABLE IF NOT EXISTS cluster_stock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    counted INTEGER NOT NULL,
    instance TEXT,
    fence BIGINT
  )`.execute(db)
  await sql`TRUNCATE cluster_runs, cluster_stock`.execute(db)
  await db.insertInto('cluster_stock').values({ id: 1, counted: 0, instance: null, fence: null }).execute()
}

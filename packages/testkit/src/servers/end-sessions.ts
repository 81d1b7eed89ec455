import type { RowDataPacket } from 'mysql2/promise'
import type { DatabaseKind } from './test-database.ts'

/** Ends every session of a database but its own, as an administrator does. Needs `pg` or `mysql2`. */
export async function endSessions(kind: DatabaseKind, url: string): Promise<void> {
  await (kind === 'postgres' ? endOnPostgres(url) : endOnMysql(url))
}

async function endOnPostgres(url: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
  } finally {
    await client.end()
  }
}

async function endOnMysql(url: string): Promise<void> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection(url)
  try {
    const [sessions] = await connection.query<RowDataPacket[]>(
      'SELECT id AS id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
    )
    for (const { id } of sessions) {
      // One that has just ended by itself is no longer there.
      await connection.query('KILL ?', [id]).catch(() => undefined)
    }
  } finally {
    await connection.end()
  }
}

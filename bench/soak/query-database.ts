import { DatabaseSync } from 'node:sqlite'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import type { SoakAddress } from './soak-address.ts'

/** Reads the database under test without the library that is judged, on a connection of its own. */
export async function queryDatabase(
  { kind, url }: SoakAddress,
  sql: string,
): Promise<readonly Record<string, unknown>[]> {
  if (kind === 'sqlite') return querySqlite(url, sql)
  return kind === 'postgres' ? await queryPostgres(url, sql) : await queryMysql(url, sql)
}

function querySqlite(file: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

async function queryPostgres(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function queryMysql(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const connection = await createConnection(url)
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0]
  } finally {
    await connection.end()
  }
}

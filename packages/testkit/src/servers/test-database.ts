import { randomBytes } from 'node:crypto'

/** The servers on which a test can have a database of its own. */
export type DatabaseKind = 'postgres' | 'mariadb' | 'mysql'

/** A database of one test file. */
export interface TestDatabase extends AsyncDisposable {
  /** Like the server's, with the new database. */
  readonly url: string
  /** Ends its sessions and removes it. */
  drop(): Promise<void>
}

/** Makes an empty database on a server. Needs `pg` or `mysql2`. */
export async function createTestDatabase(kind: DatabaseKind, serverUrl: string): Promise<TestDatabase> {
  const name = `escapement_test_${randomBytes(6).toString('hex')}`
  const run = kind === 'postgres' ? runOnPostgres : runOnMysql
  await run(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const drop = (): Promise<void> =>
    run(serverUrl, `DROP DATABASE IF EXISTS ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`)
  return { url: url.href, drop, [Symbol.asyncDispose]: drop }
}

async function runOnPostgres(url: string, sql: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function runOnMysql(url: string, sql: string): Promise<void> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection(url)
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}

import Database from 'better-sqlite3'
import {
  DummyDriver,
  Kysely,
  MysqlDialect,
  PostgresAdapter,
  PostgresQueryCompiler,
  PostgresIntrospector,
  SqliteDialect,
} from 'kysely'
import { expect, it } from 'vitest'
import {
  asSqlTransaction,
  kyselyDialect,
  nodeSqliteLibrary,
  openSqlite,
  sqliteFileOf,
  sqliteLibraryOf,
  sqlTransaction,
} from '../src/index.ts'
import { temporaryFiles } from './temporary-folder.ts'

const newFile = temporaryFiles()

const postgres = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

it('rule 24: takes a Kysely transaction, runs on its connection and rolls back with it', async () => {
  const kysely = new Kysely<{ t: { n: number } }>({ dialect: new SqliteDialect({ database: new Database(newFile()) }) })
  await kysely.schema.createTable('t').addColumn('n', 'integer').execute()
  const failed = kysely.transaction().execute(async (transaction) => {
    const host = asSqlTransaction(transaction)
    expect(host?.dialect).toBe('sqlite')
    expect(await host?.run('INSERT INTO t VALUES (?) RETURNING n', [7])).toEqual([{ n: 7 }])
    throw new Error('the host changes its mind')
  })
  await expect(failed).rejects.toThrow('changes its mind')
  expect(await kysely.selectFrom('t').selectAll().execute()).toEqual([])
  await kysely.destroy()
})

it('rule 24: a Kysely outside a transaction, and anything else, is none', () => {
  expect(asSqlTransaction(postgres)).toBeNull()
  expect(asSqlTransaction({ query: () => [] })).toBeNull()
  expect(asSqlTransaction(null)).toBeNull()
})

it('rule 24: sqlTransaction carries its dialect and refuses unknown ones', async () => {
  const transaction = sqlTransaction(async (sql, parameters) => [sql, ...parameters], { dialect: 'mysql' })
  expect(asSqlTransaction(transaction)).toBe(transaction)
  expect(await transaction.run('SELECT ?', [1])).toEqual(['SELECT ?', 1])
  expect(() => sqlTransaction(async () => [], { dialect: 'oracle' as 'mysql' })).toThrow(/one of sqlite, postgres/)
})

it('tells dialects of Kysely apart', () => {
  const mysql = new Kysely({ dialect: new MysqlDialect({ pool: {} as never }) })
  expect([postgres, mysql].map((kysely) => kyselyDialect(kysely as Kysely<unknown>))).toEqual(['postgres', 'mysql'])
})

it('finds the file behind a Kysely, refuses memory, and tells copies of SQLite apart', async () => {
  const file = newFile()
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Database(file) }) })
  expect(await sqliteFileOf(kysely)).toBe(file)
  expect(await sqliteLibraryOf(kysely)).not.toBe(nodeSqliteLibrary())
  const memory = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Database(':memory:') }) })
  await expect(sqliteFileOf(memory)).rejects.toThrow(/memoryStore/)
  await kysely.destroy()
  await memory.destroy()
  await openSqlite({ file }).close()
})

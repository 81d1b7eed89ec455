import type { JobStore } from '@escapement/core'
import { openSqlite, sqlTransaction } from '@escapement/db'
import Database from 'better-sqlite3'
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dbStore, sqliteStore } from '../src/index.ts'
import { register, run } from './job-stage.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0
let file: string
let store: JobStore
let kysely: Kysely<{ orders: { id: number } }>

beforeEach(async () => {
  file = join(folder(), `host-${files++}.db`)
  store = dbStore(openSqlite({ open: () => new Database(file) }))
  await store.open()
  await register(store, 'n', 'i')
  kysely = new Kysely({
    dialect: new SqliteDialect({ database: new Database(file) }),
    plugins: [new CamelCasePlugin()],
  })
  await kysely.schema.createTable('orders').addColumn('id', 'integer').execute()
})
afterEach(async () => {
  await kysely.destroy()
  await store.close()
})

it('rule 24: what is enqueued in a transaction of the host exists when it commits, and never when it rolls back', async () => {
  const kept = run()
  const lost = run()
  await kysely.transaction().execute(async (transaction) => {
    await transaction.insertInto('orders').values({ id: 1 }).execute()
    expect(await store.enqueue('n', [kept], transaction)).toEqual([
      { id: kept.id, status: 'scheduled', existing: false },
    ])
    expect(await store.execution('n', kept.id)).toBeNull()
  })
  const failed = kysely.transaction().execute(async (transaction) => {
    await store.enqueue('n', [lost], transaction)
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect((await store.execution('n', kept.id))?.execution.status).toBe('scheduled')
  expect(await store.execution('n', lost.id)).toBeNull()
})

it('rule 24: a key that exists is answered with its execution and does not spoil the transaction', async () => {
  const [first] = await store.enqueue('n', [run({ dedupeKey: 'key:a' })])
  await kysely.transaction().execute(async (transaction) => {
    const fresh = run({ dedupeKey: 'key:b', queue: 'new' })
    const results = await store.enqueue('n', [run({ dedupeKey: 'key:a' }), fresh, fresh], transaction)
    expect(results.map(({ id }) => id)).toEqual([first?.id, fresh.id, fresh.id])
    expect(results[0]?.existing).toBe(true)
    await transaction.insertInto('orders').values({ id: 2 }).execute()
  })
  expect(await kysely.selectFrom('orders').selectAll().execute()).toEqual([{ id: 2 }])
  expect(await store.countExecutions('n', {}, 10)).toBe(2)
})

it('rule 24: takes a thousand in a transaction of any library by sqlTransaction', async () => {
  const database = new Database(file)
  database.exec('BEGIN IMMEDIATE')
  const transaction = sqlTransaction(async (sql, parameters) => database.prepare(sql).all(...parameters), {
    dialect: 'sqlite',
  })
  const executions = Array.from({ length: 1_000 }, () => run())
  expect((await store.enqueue('n', executions, transaction)).length).toBe(1_000)
  database.exec('COMMIT')
  database.close()
  expect(await store.countExecutions('n', {}, 2_000)).toBe(1_000)
})

it.each([
  ['another dialect', sqlTransaction(async () => [], { dialect: 'postgres' }), /of dialect "postgres"/],
  ['something else', { query: () => [] }, /neither a Kysely Transaction/],
])('rule 24: refuses a transaction of %s', async (_name, transaction, message) => {
  await expect(store.enqueue('n', [run()], transaction)).rejects.toThrow(message)
  await expect(store.enqueue('n', [run()], transaction)).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
})

it('rule 24: refuses a transaction of another copy of SQLite before it touches the file', async () => {
  const own = sqliteStore(join(folder(), `own-${files++}.db`))
  await own.open()
  await kysely.transaction().execute(async (transaction) => {
    await expect(own.enqueue('n', [run()], transaction)).rejects.toThrow(/another copy of SQLite.*open: \(\)/)
  })
  await own.close()
})

it('dbStore refuses a Kysely of another copy of SQLite, and takes one of the same', async () => {
  await expect(dbStore(kysely).open()).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
  const database = new DatabaseSync(join(folder(), `same-${files++}.db`))
  const same = new Kysely<object>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare: (sql) => {
          const statement = database.prepare(sql)
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as string[])),
            run: (parameters) => statement.run(...(parameters as string[])),
            iterate: (parameters) => statement.iterate(...(parameters as string[])),
          }
        },
      },
    }),
  })
  const joined = dbStore(same, { prefix: 'jobs_' })
  expect(() => joined.now()).toThrow(/open\(\) first/)
  await joined.open()
  await register(joined, 'n', 'i')
  await same.transaction().execute((transaction) => joined.enqueue('n', [run()], transaction))
  expect(await joined.countExecutions('n', {}, 10)).toBe(1)
  await joined.close()
  await same.destroy()
})

it('dbStore refuses what it does not know', () => {
  expect(() => dbStore({} as never)).toThrow(/neither a pool nor a Kysely/)
  expect(() => dbStore(openSqlite({ file: 'a.db' }), { schema: 'jobs' })).toThrow(/schema.*SQLite needs none of them/)
})

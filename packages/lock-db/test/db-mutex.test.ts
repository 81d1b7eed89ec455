import { execSync } from 'node:child_process'
import { join } from 'node:path'
import { InvalidOptionError } from '@escapement/base'
import { LockUnavailableError } from '@escapement/core'
import { DatabaseUnusableError, openSqlite, SchemaIncompatibleError } from '@escapement/db'
import { dbMutex, type LockDb } from '@escapement/lock-db'
import { DummyDriver, Kysely, MssqlAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import { nodeSqliteKysely } from './node-sqlite-kysely.ts'
import { ScratchFolder } from './scratch-folder.ts'

test('refuses a Kysely transaction, whose rollback would take locks away unseen', async () => {
  using folder = new ScratchFolder()
  const kysely = nodeSqliteKysely<object>(folder.file('host.db'))
  await kysely.transaction().execute(async (transaction) => {
    expect(() => dbMutex(transaction)).toThrow(InvalidOptionError)
    expect(() => dbMutex(transaction)).toThrow(/transaction/)
  })
  await kysely.destroy()
})

test('refuses what is no database, and options that a database does not have', async () => {
  using folder = new ScratchFolder()
  await using handle = openSqlite({ file: folder.file('host.db') })
  await using kysely = nodeSqliteKysely<object>(folder.file('host.db'))
  const unknown = new Kysely<object>({
    dialect: {
      createAdapter: () => new MssqlAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  for (const db of ['locks.db', undefined, null, {}, unknown]) {
    expect(() => dbMutex(db as LockDb)).toThrow(InvalidOptionError)
  }
  expect(() => dbMutex(handle, { prefix: 'x; DROP' })).toThrow(InvalidOptionError)
  expect(() => dbMutex(handle, { schema: 'app' })).toThrow(/schema is "app"; SQLite/)
  expect(() => dbMutex(kysely, { schema: 'app' })).toThrow(/schema is "app"; SQLite/)
})

test('leaves the database of the host open when it is closed', async () => {
  using folder = new ScratchFolder()
  await using db = openSqlite({ file: folder.file('host.db') })
  const mutex = dbMutex(db)
  await mutex.acquire('key')
  await mutex.close()
  const rows = await db.read((session) => session.all('SELECT name, owner, expires_at FROM escapement_locks'))
  expect(rows.map((row) => ({ ...(row as object) }))).toEqual([{ name: 'key', owner: null, expires_at: 0 }])
})

test('keeps locks of different prefixes apart, in tables of their own', async () => {
  using folder = new ScratchFolder()
  await using db = openSqlite({ file: folder.file('host.db') })
  await using one = dbMutex(db, { prefix: 'one_' })
  await using two = dbMutex(db, { prefix: 'two_' })
  await one.acquire('key')
  expect(await two.tryAcquire('key')).not.toBeNull()
  expect(await one.tryAcquire('key')).toBeNull()
})

test.each(['handle', 'kysely'] as const)(
  'rule 8: migrate check on a %s refuses to run without the table and names a command that makes it',
  async (kind) => {
    using folder = new ScratchFolder()
    await using handle = openSqlite({ file: folder.file('host.db') })
    await using kysely = nodeSqliteKysely<object>(folder.file('host.db'))
    const db = kind === 'handle' ? handle : kysely
    await using checking = dbMutex(db, { migrate: 'check' })
    const refused = await checking.acquire('key', { wait: '10s' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(LockUnavailableError)
    const { cause } = refused as LockUnavailableError
    expect(cause).toBeInstanceOf(SchemaIncompatibleError)
    const [, command] = (cause as SchemaIncompatibleError).message.split('\n')
    expect(command).toMatch(/^node /)
    execSync(command as string, { cwd: join(import.meta.dirname, '..') })
    expect(await checking.tryAcquire('key')).not.toBeNull()
  },
  30_000,
)

test('does not ask a closed database again and again', async () => {
  using folder = new ScratchFolder()
  const db = openSqlite({ file: folder.file('host.db') })
  const mutex = dbMutex(db)
  await db.close()
  const refused = await mutex.acquire('key', { wait: '1h' }).catch((error: unknown) => error)
  expect((refused as LockUnavailableError).cause).toBeInstanceOf(DatabaseUnusableError)
})

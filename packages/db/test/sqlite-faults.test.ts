import { EscapementError } from '@escapement/base'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { DatabaseUnavailableError, DatabaseUnusableError, openSqlite } from '../src/index.ts'
import { temporaryFiles } from './temporary-folder.ts'

const newFile = temporaryFiles()

async function failure(promise: Promise<unknown>): Promise<EscapementError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (!EscapementError.is(error)) throw error
  return error
}

it.each([':memory:', 'file::memory:?cache=shared', '', '  '])('rule 22: refuses %j as a file', (file) => {
  expect(() => openSqlite({ file })).toThrow(/memoryStore|name of a file/)
})

it('rule 22: refuses a database in memory that the host opens', async () => {
  const database = openSqlite({ open: () => new DatabaseSync(':memory:') })
  expect((await failure(database.open())).message).toMatch(/memoryStore\(\)/)
})

it('refuses neither or both of file and open', () => {
  expect(() => openSqlite({})).toThrow(/either a file or a function/)
  expect(() => openSqlite({ file: 'a.db', open: () => new DatabaseSync('a.db') })).toThrow(/not both/)
})

it('an absent folder is named as the host named it, and a later call works once it exists', async () => {
  const file = join(newFile(), 'absent', 'jobs.db')
  const database = openSqlite({ file })
  const error = await failure(database.open())
  expect(error).toBeInstanceOf(DatabaseUnusableError)
  expect(error.message).toContain(`"${file}" cannot be opened; its folder must exist`)
  const { mkdirSync } = await import('node:fs')
  mkdirSync(dirname(file), { recursive: true })
  await database.open()
  await database.close()
})

it('a file that is no database is refused and left as it was', async () => {
  const file = newFile()
  writeFileSync(file, 'these are the voyages of a text file that is long enough to have a header'.repeat(20))
  const error = await failure(openSqlite({ file }).open())
  expect(error).toBeInstanceOf(DatabaseUnusableError)
  expect(error.message).toMatch(/is not a SQLite database/)
})

it('a read-only database is refused when it is opened, not at the first write', async () => {
  const file = newFile()
  const writable = openSqlite({ file })
  await writable.write((session) => session.exec('CREATE TABLE t (n)'))
  const error = await failure(openSqlite({ open: () => new DatabaseSync(file, { readOnly: true }) }).open())
  expect(error).toBeInstanceOf(DatabaseUnusableError)
  expect(error.message).toMatch(/read-only/)
  await writable.close()
})

it('a full database fails with a retryable error, changes nothing, and works again when there is room', async () => {
  const file = newFile()
  const database = openSqlite({ file })
  await database.write((session) => session.exec('CREATE TABLE t (text TEXT)'))
  await database.read((session) => session.all('PRAGMA max_page_count = 10'))
  const fill = () => database.write((session) => session.run('INSERT INTO t VALUES (?)', ['x'.repeat(100_000)]))
  const error = await failure(fill())
  expect(error).toBeInstanceOf(DatabaseUnavailableError)
  expect([error.message, error.retryable]).toEqual([expect.stringContaining('is full'), true])
  expect(await database.read((session) => session.get('SELECT count(*) AS n FROM t'))).toMatchObject({ n: 0 })
  await database.read((session) => session.all('PRAGMA max_page_count = 1000000'))
  await expect(fill()).resolves.toBe(1)
  await database.close()
})

it('rule 22: a lock of another process is waited for without blocking, then refused with a retryable error', async () => {
  const file = newFile()
  const database = openSqlite({ file, busyTimeout: '300ms' })
  await database.write((session) => session.exec('CREATE TABLE t (n)'))
  const holder = fork(join(import.meta.dirname, 'fixtures/lock-holder.ts'), [file])
  await once(holder, 'message')
  let turns = 0
  const turn = setInterval(() => turns++, 5)
  const error = await failure(database.write((session) => session.run('INSERT INTO t VALUES (1)')))
  clearInterval(turn)
  expect(error).toBeInstanceOf(DatabaseUnavailableError)
  expect([error.retryable, error.message]).toEqual([
    true,
    expect.stringMatching(/locked by another connection for \d+ ms/),
  ])
  expect(turns).toBeGreaterThan(10)
  expect(database.statistics().busy).toBeGreaterThan(5)
  const waiting = database.write((session) => session.run('INSERT INTO t VALUES (2)'))
  holder.send('let go')
  await expect(waiting).resolves.toBe(1)
  await database.close()
})

it('opening changes nothing of a file that it refuses', async () => {
  const file = newFile()
  expect(existsSync(file)).toBe(false)
  expect(() => openSqlite({ file, busyTimeout: -1 })).toThrow(/busyTimeout/)
  expect(existsSync(file)).toBe(false)
})

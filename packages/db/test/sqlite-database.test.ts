import Database from 'better-sqlite3'
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { openSqlite, type OpenSqliteOptions, type SqliteDatabase } from '../src/index.ts'
import { temporaryFiles } from './temporary-folder.ts'

const newFile = temporaryFiles()
const opened: SqliteDatabase[] = []

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close()
})

function open(options: OpenSqliteOptions): SqliteDatabase {
  const database = openSqlite(options)
  opened.push(database)
  return database
}

async function withTable(options: OpenSqliteOptions): Promise<SqliteDatabase> {
  const database = open(options)
  await database.write((session) => session.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT) STRICT'))
  return database
}

const drivers: [string, (file: string) => OpenSqliteOptions][] = [
  ['node:sqlite', (file) => ({ file })],
  ['node:sqlite opened by the host', (file) => ({ open: () => new DatabaseSync(file) })],
  ['better-sqlite3', (file) => ({ open: () => new Database(file) })],
]

describe.each(drivers)('openSqlite with %s', (_name, how) => {
  it('rule 22: writes, reads on the own handle and reads in the reading thread see the same rows', async () => {
    const database = await withTable(how(newFile()))
    const changes = await database.write((session) => session.run('INSERT INTO t (text) VALUES (?), (?)', ['a', 'b']))
    expect(changes).toBe(2)
    const rows = [
      { n: 1, text: 'a' },
      { n: 2, text: 'b' },
    ]
    const sql = 'SELECT n, text FROM t ORDER BY n'
    expect(await database.read((session) => session.all(sql))).toMatchObject(rows)
    expect(
      await database.query([
        { sql: `${sql} LIMIT ?`, parameters: [1] },
        { sql, parameters: [] },
      ]),
    ).toMatchObject([rows.slice(0, 1), rows])
  })

  it('rule 22: the file is in WAL mode, durable, with foreign keys and without waiting inside SQLite', async () => {
    const database = await withTable(how(newFile()))
    const pragma = (name: string) =>
      database.read((session) => Object.values(session.get<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0])
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('synchronous')).toBe(2)
    expect(await pragma('foreign_keys')).toBe(1)
    expect(await pragma('busy_timeout')).toBe(0)
    expect(await pragma('wal_autocheckpoint')).toBe(0)
  })

  it('rule 22: the writes of one turn share one transaction, each with its own result', async () => {
    const database = await withTable(how(newFile()))
    const before = database.statistics()
    const insert = (n: number) => database.write((session) => session.run('INSERT INTO t (n) VALUES (?)', [n]))
    const later = Promise.resolve().then(() => insert(3)) // asked for in a microtask of the same turn
    expect(await Promise.all([insert(1), insert(2), later])).toEqual([1, 1, 1])
    const after = database.statistics()
    expect(after.transactions - before.transactions).toBe(1)
    expect(after.operations - before.operations).toBe(3)
  })

  it('rule 22: a write that fails takes no other of its transaction along and leaves nothing behind', async () => {
    const database = await withTable(how(newFile()))
    const insert = (n: number) => database.write((session) => session.run('INSERT INTO t (n) VALUES (?)', [n]))
    const failing = database.write((session) => {
      session.run('INSERT INTO t (n) VALUES (99)')
      throw new Error('on purpose')
    })
    const results = await Promise.allSettled([insert(1), failing, insert(2), insert(1)])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect(await database.read((session) => session.all('SELECT n FROM t ORDER BY n'))).toMatchObject([
      { n: 1 },
      { n: 2 },
    ])
  })

  it('rule 22: listeners hear of own commits at once and of others within some polls', async () => {
    const file = newFile()
    const database = await withTable(how(file))
    const heard = { own: 0 }
    let other: (() => void) | undefined
    const subscription = database.subscribe(() => {
      heard.own++
      other?.()
    })
    await database.write((session) => session.run('INSERT INTO t (n) VALUES (1)'))
    expect(heard.own).toBe(1)
    await database.write(() => 'nothing changed')
    expect(heard.own).toBe(1)
    const notified = new Promise<void>((resolve) => (other = resolve))
    const second = open(how(file))
    await second.write((session) => session.run('INSERT INTO t (n) VALUES (2)'))
    await notified
    expect(heard.own).toBe(2)
    subscription[Symbol.dispose]()
    await database.write((session) => session.run('INSERT INTO t (n) VALUES (3)'))
    expect(heard.own).toBe(2)
  })

  it('rule 22: a WAL that grew is copied into the database and does not grow for ever', async () => {
    const file = newFile()
    const database = await withTable(how(file))
    const text = 'x'.repeat(50_000)
    for (let round = 0; round < 1_200; round++) {
      await database.write((session) => session.run('INSERT OR REPLACE INTO t VALUES (?, ?)', [round % 40, text]))
    }
    expect(statSync(file).size).toBeGreaterThan(1_000_000)
    expect(statSync(`${file}-wal`).size).toBeLessThan(20_000_000) // 60 MB were written
  }, 60_000)
})

it('a closed database says so, and closing twice does no harm', async () => {
  const database = await withTable({ file: newFile() })
  const pending = database.write((session) => session.run('INSERT INTO t (n) VALUES (1)'))
  const closing = database.close()
  expect(database.close()).toBe(closing)
  await closing
  await expect(pending).resolves.toBe(1)
  await expect(database.read(() => 1)).rejects.toMatchObject({ code: 'ERR_DATABASE_UNUSABLE' })
})

it('rule 22: a chain of writes lets timers fire between them', async () => {
  const database = await withTable({ file: newFile() })
  let longestMs = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last)
    last = performance.now()
  }, 1)
  const until = performance.now() + 500
  while (performance.now() < until)
    await database.write((session) => session.run('INSERT INTO t (text) VALUES (?)', ['x']))
  clearInterval(timer)
  expect(longestMs).toBeGreaterThan(0)
  expect(longestMs).toBeLessThan(200) // a machine that is busy with other things, not half a second of writes
})

it('a reading thread that dies fails what it was asked and is replaced', async () => {
  const folder = newFile()
  mkdirSync(folder)
  const database = await withTable({ file: join(folder, 'a.db') })
  renameSync(folder, `${folder}-away`) // the thread cannot open the file and dies
  const ask = () => database.query([{ sql: 'SELECT count(*) AS n FROM t', parameters: [] }])
  await expect(ask()).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
  renameSync(`${folder}-away`, folder)
  expect(await ask()).toMatchObject([[{ n: 0 }]])
})

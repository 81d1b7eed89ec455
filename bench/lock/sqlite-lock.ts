import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import { scratchFile } from '../harness/scratch-file.ts'
import { KEYS, keyOf, type MeasuredLock } from './measured-lock.ts'

/** Locks in a file of its own each. The files stay open over all rounds: what an fsync costs depends on how far the WAL has grown. */
export function sqliteLock(): MeasuredLock {
  const floorFile = scratchFile()
  const mutexFile = scratchFile()
  const floor = lockFloor(floorFile.path)
  const db = openSqlite({ file: mutexFile.path })
  const mutex = dbMutex(db)
  return {
    database: 'SQLite',
    reach: 1.25,
    mutex,
    floor: async (key) => floor.pair(key),
    [Symbol.asyncDispose]: async () => {
      await mutex.close()
      await db.close()
      for (const each of [floor, floorFile, mutexFile]) each[Symbol.dispose]()
    },
  }
}

interface LockFloor extends Disposable {
  pair(key: string): void
}

function lockFloor(path: string): LockFloor {
  const database = new DatabaseSync(path)
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
     CREATE TABLE locks (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  )
  const acquire = database.prepare(
    `UPDATE locks SET owner = ?2, fence = max(fence + 1, ?3 * 1000), expires_at = ?3 + 30000
     WHERE key = ?1 AND expires_at <= ?3 RETURNING fence`,
  )
  const release = database.prepare(
    'UPDATE locks SET owner = NULL, expires_at = 0 WHERE key = ? AND owner = ? AND fence = ?',
  )
  const seed = database.prepare('INSERT INTO locks (key, fence, expires_at) VALUES (?, 0, 0)')
  for (let n = 0; n < KEYS; n++) seed.run(keyOf(n))
  return {
    pair: (key) => {
      const row = acquire.get(key, 'floor', Date.now()) as { fence: number }
      release.run(key, 'floor', row.fence)
    },
    [Symbol.dispose]: () => database.close(),
  }
}

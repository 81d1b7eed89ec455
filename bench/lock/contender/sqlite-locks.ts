import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import { type LockContender, type OpenLock, SEEDED_KEYS } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'

const TABLE = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE locks (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`
const ACQUIRE = `UPDATE locks SET owner = ?2, fence = max(fence + 1, ?3 * 1000), expires_at = ?3 + ?4
  WHERE key = ?1 AND expires_at <= ?3 RETURNING fence`
const RELEASE = 'UPDATE locks SET owner = NULL, expires_at = 0 WHERE key = ? AND owner = ? AND fence = ?'

/**
 * Locks in a file of its own each. The files stay open over all rounds: what an fsync costs depends on how far the WAL has
 * grown.
 */
export const SQLITE_LOCKS: readonly LockContender[] = [
  floorLock('two prepared statements, synchronous', 'SQLite', (path) => openFloor(`${path}-floor`)),
  ourLock('dbMutex', 'SQLite', (path) => {
    const db = openSqlite({ file: path })
    return { mutex: dbMutex(db), close: () => db.close() }
  }),
]

function openFloor(path: string): OpenLock {
  const database = new DatabaseSync(path)
  database.exec(TABLE)
  const seed = database.prepare('INSERT INTO locks (key, fence, expires_at) VALUES (?, 0, 0)')
  for (const key of SEEDED_KEYS) seed.run(key)
  const acquire = database.prepare(ACQUIRE)
  const release = database.prepare(RELEASE)
  return {
    acquire: async (key, ttlMs) => {
      const row = acquire.get(key, 'floor', Date.now(), ttlMs) as { fence: number }
      return async () => release.run(key, 'floor', row.fence)
    },
    [Symbol.asyncDispose]: async () => database.close(),
  }
}

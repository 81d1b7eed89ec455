import { dbMutex } from '@escapement/lock-db'
import { createPool, type ResultSetHeader } from 'mysql2/promise'
import { createPool as createCallbackPool } from 'mysql2'
import { getLockPeer } from '../peer/get-lock-peer.ts'
import { verrouOnMariadb } from '../peer/verrou-peer.ts'
import { type LockContender, type OpenLock, SEEDED_KEYS } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'

const NOW_MS = 'CAST(UNIX_TIMESTAMP(UTC_TIMESTAMP(6)) * 1000 AS SIGNED)'
const NOW_MICROS = 'CAST(UNIX_TIMESTAMP(UTC_TIMESTAMP(6)) * 1000000 AS SIGNED)'
const TABLE = `CREATE TABLE floor_locks (name varbinary(512) PRIMARY KEY, owner varchar(64), fence bigint NOT NULL,
  expires_at bigint NOT NULL) ENGINE = InnoDB`
const ACQUIRE = `UPDATE floor_locks SET owner = ?, fence = LAST_INSERT_ID(GREATEST(fence + 1, ${NOW_MICROS})),
  expires_at = ${NOW_MS} + ? WHERE name = ? AND expires_at <= ${NOW_MS}`
const RELEASE = `UPDATE floor_locks SET owner = NULL, expires_at = 0
  WHERE name = ? AND owner = ? AND fence = ? AND expires_at > ${NOW_MS}`

/** Rows on a server, each contender through a pool of its own of the usual size. */
export const MARIADB_LOCKS: readonly LockContender[] = [
  floorLock('two prepared statements', 'MariaDB', openFloor),
  ourLock('dbMutex', 'MariaDB', (url) => {
    const pool = createCallbackPool(url)
    return { mutex: dbMutex(pool), close: () => pool.promise().end() }
  }),
  verrouOnMariadb,
  getLockPeer,
]

async function openFloor(url: string): Promise<OpenLock> {
  const pool = createPool(url)
  await pool.query(TABLE)
  await pool.query('INSERT INTO floor_locks VALUES ?', [SEEDED_KEYS.map((key) => [key, null, 0, 0])])
  return {
    acquire: async (key, ttlMs) => {
      const [{ insertId }] = await pool.execute<ResultSetHeader>(ACQUIRE, ['floor', ttlMs, key])
      return () => pool.execute(RELEASE, [key, 'floor', insertId])
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

import { dbMutex, pgNotify } from '@escapement/lock-db'
import { Client, Pool } from 'pg'
import { advisoryLockPeer } from '../peer/advisory-lock-peer.ts'
import { verrouOnPostgres } from '../peer/verrou-peer.ts'
import { type LockContender, type OpenLock, SEEDED_KEYS } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'
import { NOW_MICROS, NOW_MS } from './postgres-now.ts'
import { openWokenPostgresFloor } from './woken-postgres-floor.ts'

const TABLE = `CREATE TABLE floor_locks (key text COLLATE "C" PRIMARY KEY, owner text, fence bigint NOT NULL,
  expires_at bigint NOT NULL) WITH (fillfactor = 50)`
/** Named, so that each session plans them once. */
const ACQUIRE = {
  name: 'floor_acquire',
  text: `UPDATE floor_locks SET owner = $2, fence = greatest(fence + 1, ${NOW_MICROS}), expires_at = ${NOW_MS} + $3
    WHERE key = $1 AND expires_at <= ${NOW_MS} RETURNING fence`,
}
const RELEASE = {
  name: 'floor_release',
  text: `UPDATE floor_locks SET owner = NULL, expires_at = 0
    WHERE key = $1 AND owner = $2 AND fence = $3 AND expires_at > ${NOW_MS}`,
}

/** Rows on a server, each contender through a pool of its own of the usual size. */
export const POSTGRES_LOCKS: readonly LockContender[] = [
  floorLock('two named statements', 'PostgreSQL', openFloor),
  floorLock('the same, and NOTIFY', 'PostgreSQL', openWokenPostgresFloor, true),
  ourLock('dbMutex', 'PostgreSQL', (url) => {
    const pool = new Pool({ connectionString: url })
    const notify = pgNotify(() => new Client({ connectionString: url }))
    return { mutex: dbMutex(pool, { notify }), close: () => pool.end() }
  }),
  verrouOnPostgres,
  advisoryLockPeer,
]

async function openFloor(url: string): Promise<OpenLock> {
  const pool = new Pool({ connectionString: url })
  await pool.query(TABLE)
  await pool.query('INSERT INTO floor_locks SELECT key, NULL, 0, 0 FROM unnest($1::text[]) AS key', [SEEDED_KEYS])
  return {
    acquire: async (key, ttlMs) => {
      const { rows } = await pool.query<{ fence: string }>({ ...ACQUIRE, values: [key, 'floor', ttlMs] })
      return () => pool.query({ ...RELEASE, values: [key, 'floor', rows[0]?.fence] })
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

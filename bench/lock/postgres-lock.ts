import { dbMutex } from '@escapement/lock-db'
import { Pool } from 'pg'
import { KEYS, keyOf, type MeasuredLock } from './measured-lock.ts'

const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
const NOW_MICROS = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'

/** Named, so that each session plans them once. */
const ACQUIRE = {
  name: 'floor_acquire',
  text: `UPDATE floor_locks SET owner = $2, fence = greatest(fence + 1, ${NOW_MICROS}), expires_at = ${NOW_MS} + 30000
    WHERE key = $1 AND expires_at <= ${NOW_MS} RETURNING fence`,
}
const RELEASE = {
  name: 'floor_release',
  text: `UPDATE floor_locks SET owner = NULL, expires_at = 0
    WHERE key = $1 AND owner = $2 AND fence = $3 AND expires_at > ${NOW_MS}`,
}

/** Locks on a server, both through the same pool. */
export async function postgresLock(url: string): Promise<MeasuredLock> {
  const pool = new Pool({ connectionString: url })
  await pool.query(
    `CREATE TABLE floor_locks (key text COLLATE "C" PRIMARY KEY, owner text, fence bigint NOT NULL,
       expires_at bigint NOT NULL) WITH (fillfactor = 50)`,
  )
  for (let n = 0; n < KEYS; n++) await pool.query('INSERT INTO floor_locks VALUES ($1, NULL, 0, 0)', [keyOf(n)])
  const mutex = dbMutex(pool)
  return {
    database: 'PostgreSQL',
    reach: 1.15,
    mutex,
    floor: async (key) => {
      const { rows } = await pool.query<{ fence: string }>({ ...ACQUIRE, values: [key, 'floor'] })
      await pool.query({ ...RELEASE, values: [key, 'floor', rows[0]?.fence] })
    },
    [Symbol.asyncDispose]: async () => {
      await mutex.close()
      await pool.end()
    },
  }
}

import { Client, Pool } from 'pg'
import type { OpenLock } from '../lock-contender.ts'
import { NOW_MICROS, NOW_MS } from './postgres-now.ts'
import { wokenFloor } from './woken-floor.ts'

const TABLE = `CREATE TABLE IF NOT EXISTS woken_floor_locks (key text COLLATE "C" PRIMARY KEY, owner text, fence bigint NOT NULL,
  expires_at bigint NOT NULL) WITH (fillfactor = 50)`
const CHANNEL = 'woken_floor'
const TAKE = {
  name: 'woken_floor_take',
  text: `INSERT INTO woken_floor_locks AS l (key, owner, fence, expires_at) VALUES ($1, $2, ${NOW_MICROS}, ${NOW_MS} + $3)
    ON CONFLICT (key) DO UPDATE SET owner = $2, fence = greatest(l.fence + 1, ${NOW_MICROS}), expires_at = ${NOW_MS} + $3
    WHERE l.expires_at <= ${NOW_MS} RETURNING fence`,
}
const RELEASE = {
  name: 'woken_floor_release',
  text: `WITH released AS (UPDATE woken_floor_locks SET owner = NULL, expires_at = 0 WHERE key = $1 AND owner = $2 RETURNING key)
    SELECT pg_notify('${CHANNEL}', key) FROM released`,
}
/** Nobody's lease is shorter here. Milliseconds. */
const LONGEST_WAIT_MS = 5_000

/** Bare statements that hand a row of PostgreSQL on. */
export async function openWokenPostgresFloor(url: string): Promise<OpenLock> {
  const pool = new Pool({ connectionString: url })
  await pool.query(TABLE)
  const listener = new Client({ connectionString: url })
  await listener.connect()
  const told = new Map<string, () => void>()
  listener.on('notification', ({ payload }) => told.get(payload ?? '')?.())
  await listener.query(`LISTEN ${CHANNEL}`)
  return wokenFloor({
    take: async (key, owner, ttlMs) => {
      const { rowCount } = await pool.query({ ...TAKE, values: [key, owner, ttlMs] })
      return rowCount === 0 ? LONGEST_WAIT_MS : null
    },
    release: (key, owner) => pool.query({ ...RELEASE, values: [key, owner] }),
    listen: async (key, tell) => void told.set(key, tell),
    close: async () => {
      await listener.end()
      await pool.end()
    },
  })
}

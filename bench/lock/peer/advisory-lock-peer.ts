import { Pool } from 'pg'
import type { LockContender } from '../lock-contender.ts'
import { SESSIONS } from './peer-lock.ts'

/** The locks that PostgreSQL keeps for a session. */
export const advisoryLockPeer: LockContender = {
  name: 'PostgreSQL: advisory locks',
  backend: 'PostgreSQL',
  part: 'peer',
  waits: true,
  endsWith: 'connection',
  settings: '`pg_advisory_lock(hashtextextended(…))` and `pg_advisory_unlock`, named statements, no lease and no fence',
  open: async (url) => {
    const pool = new Pool({ connectionString: url, max: SESSIONS })
    return {
      acquire: async (key) => {
        const session = await pool.connect()
        await session.query({ name: 'lock', text: 'SELECT pg_advisory_lock(hashtextextended($1, 0))', values: [key] })
        return async () => {
          const text = 'SELECT pg_advisory_unlock(hashtextextended($1, 0))'
          await session.query({ name: 'unlock', text, values: [key] })
          session.release()
        }
      },
      [Symbol.asyncDispose]: () => pool.end(),
    }
  },
}

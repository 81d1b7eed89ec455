import { createPool } from 'mysql2/promise'
import type { LockContender } from '../lock-contender.ts'
import { PEER_WAIT_MS, SESSIONS } from './peer-lock.ts'

/** The locks that MariaDB and MySQL keep for a session. */
export const getLockPeer: LockContender = {
  name: 'MariaDB: GET_LOCK',
  backend: 'MariaDB',
  part: 'peer',
  waits: true,
  endsWith: 'connection',
  settings: '`GET_LOCK` and `RELEASE_LOCK`, prepared, no lease and no fence',
  open: async (url) => {
    const pool = createPool({ uri: url, connectionLimit: SESSIONS })
    return {
      acquire: async (key) => {
        const session = await pool.getConnection()
        await session.execute('SELECT GET_LOCK(?, ?)', [key, PEER_WAIT_MS / 1_000])
        return async () => {
          await session.execute('SELECT RELEASE_LOCK(?)', [key])
          session.release()
        }
      },
      [Symbol.asyncDispose]: () => pool.end(),
    }
  },
}

import { pgNotify } from '@escapement/db'
import { dbLockDriver, type DbLockOptions, type LockDb } from '@escapement/lock-db'
import type { MutexContractTarget } from '@escapement/testkit'
import { describeMutexContract, describeOnServers } from '@escapement/testkit/vitest'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll } from 'vitest'
import { type ServerPool, serverPool } from '../server-pools.ts'

let cases = 0

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  // One for the first client of every case, one for the second, and so on, as separate processes have.
  const pools: ServerPool<object>[] = []
  afterAll(() => Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]())))
  const poolOf = (client: number): ServerPool<object> => (pools[client] ??= serverPool(kind, url(), 8))

  describeMutexContract(
    'dbMutex on a pool',
    target(poolOf, ({ pool }) => pool),
  )
  describeMutexContract(
    'dbMutex on a Kysely',
    target(poolOf, ({ kysely }) => kysely),
  )
  if (kind === 'postgres') {
    describeMutexContract('dbMutex that is told of releases', {
      ...target(poolOf, ({ pool }) => pool, { notify: pgNotify(() => new Client({ connectionString: url() })) }),
      lacks: [],
    })
  }
})

/** Each case has a table of its own. */
function target(
  poolOf: (client: number) => ServerPool<object>,
  db: (pool: ServerPool<object>) => LockDb,
  options: DbLockOptions = {},
): MutexContractTarget {
  return {
    time: 'real',
    lacks: ['waitForRelease'],
    start: async () => {
      const prefix = `case_${++cases}_`
      let clients = 0
      return {
        connect: async () => {
          const driver = dbLockDriver(db(poolOf(clients++)), { ...options, prefix })
          await driver.renewMany([]) // connects, and makes the table
          return driver
        },
        loseData: async () => void (await sql`DELETE FROM ${sql.table(`${prefix}locks`)}`.execute(poolOf(0).kysely)),
        stop: async () => undefined, // the tables go with the database
      }
    },
  }
}

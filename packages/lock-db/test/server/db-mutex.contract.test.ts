import { dbLockDriver, type LockDb } from '@escapement/lock-db'
import type { DatabaseKind } from '@escapement/testkit/servers'
import { describeMutexContract, describeOnServers } from '@escapement/testkit/vitest'
import { sql } from 'kysely'
import type { MutexContractTarget } from '@escapement/testkit'
import { type ServerPool, serverPool } from '../server-pools.ts'

let cases = 0

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  describeMutexContract(
    'dbMutex on a pool',
    target(kind, url, ({ pool }) => pool),
  )
  describeMutexContract(
    'dbMutex on a Kysely',
    target(kind, url, ({ kysely }) => kysely),
  )
})

/** Each case has a table of its own, each client a pool of its own, as separate processes have. */
function target(kind: DatabaseKind, url: () => string, db: (pool: ServerPool<object>) => LockDb): MutexContractTarget {
  return {
    time: 'real',
    lacks: ['waitForRelease'],
    start: async () => {
      const prefix = `case_${++cases}_`
      const pools: ServerPool<object>[] = []
      const open = (): ServerPool<object> => {
        const pool = serverPool(kind, url(), 2)
        pools.push(pool)
        return pool
      }
      return {
        connect: async () => {
          const driver = dbLockDriver(db(open()), { prefix })
          await driver.renewMany([]) // connects, and makes the table
          return driver
        },
        loseData: async () => void (await sql`DELETE FROM ${sql.table(`${prefix}locks`)}`.execute(open().kysely)),
        stop: async () => void (await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()))),
      }
    },
  }
}

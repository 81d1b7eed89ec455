import { dbMutex, whereFence } from '@escapement/lock-db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { serverPool } from '../server-pools.ts'
import { silentLogger } from '../silent-logger.ts'

interface Tables {
  report: { id: number; body: string; fence: bigint | null }
}

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  test('rule 16: a guarded update refuses the holder that was overtaken', async () => {
    await using opened = serverPool<Tables>(kind, url())
    const { kysely: db, pool } = opened
    await using mutex = dbMutex(pool, { logger: silentLogger })
    await db.schema
      .createTable('report')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('body', 'text')
      .addColumn('fence', 'bigint')
      .execute()
    await db.insertInto('report').values({ id: 1, body: '', fence: null }).execute()

    const write = async (body: string, fence: bigint): Promise<bigint> => {
      const { numUpdatedRows } = await db
        .updateTable('report')
        .set({ body, fence })
        .where('id', '=', 1)
        .where(whereFence('fence', fence))
        .executeTakeFirstOrThrow()
      return numUpdatedRows
    }
    // It is stopped, as a process may be, for longer than its lease lives.
    const first = await mutex.acquire('report', { ttl: 200, renew: false })
    const second = await mutex.acquire('report')

    expect(await write('by the first, in time', first.fence)).toBe(1n)
    expect(await write('by the second', second.fence)).toBe(1n)
    expect(await write('late, by the first', first.fence)).toBe(0n)
    expect((await db.selectFrom('report').select('body').executeTakeFirstOrThrow()).body).toBe('by the second')
    expect(await write('by the second again', second.fence)).toBe(1n)
    // Beyond what a double can tell apart.
    const [before, after] = [9_007_199_254_740_992n, 9_007_199_254_740_993n]
    expect(await write('far ahead', after)).toBe(1n)
    expect(await write('one behind', before)).toBe(0n)
  })
})

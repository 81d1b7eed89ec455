import { openSqlite } from '@escapement/db'
import { dbMutex, whereFence } from '@escapement/lock-db'
import { expect, test } from 'vitest'
import { nodeSqliteKysely } from './node-sqlite-kysely.ts'
import { ScratchFolder } from './scratch-folder.ts'

interface Tables {
  report: { id: number; body: string; fence: bigint | null }
}

test('rule 16: a guarded update refuses the holder that was overtaken', async () => {
  using folder = new ScratchFolder()
  await using locks = openSqlite({ file: folder.file('locks.db') })
  await using mutex = dbMutex(locks)
  const db = nodeSqliteKysely<Tables>(folder.file('host.db'))
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
  const first = await mutex.acquire('report')
  await first.release()
  const second = await mutex.acquire('report')

  expect(await write('by the first', first.fence)).toBe(1n)
  expect(await write('by the first again', first.fence)).toBe(1n)
  expect(await write('by the second', second.fence)).toBe(1n)
  expect(await write('late, by the first', first.fence)).toBe(0n)
  expect((await db.selectFrom('report').select('body').executeTakeFirstOrThrow()).body).toBe('by the second')
  await db.destroy()
})

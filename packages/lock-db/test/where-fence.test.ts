import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import { expect, test } from 'vitest'
import { guardedReport, type ReportTables } from './guarded-report.ts'
import { nodeSqliteKysely } from './node-sqlite-kysely.ts'
import { ScratchFolder } from './scratch-folder.ts'

test('rule 16: a guarded update refuses the holder that was overtaken', async () => {
  using folder = new ScratchFolder()
  await using locks = openSqlite({ file: folder.file('locks.db') })
  await using mutex = dbMutex(locks)
  const db = nodeSqliteKysely<ReportTables>(folder.file('host.db'))
  const { body, write } = await guardedReport(db)
  const first = await mutex.acquire('report')
  await first.release()
  const second = await mutex.acquire('report')

  expect(await write('by the first', first.fence)).toBe(true)
  expect(await write('by the first again', first.fence)).toBe(true)
  expect(await write('by the second', second.fence)).toBe(true)
  expect(await write('late, by the first', first.fence)).toBe(false)
  expect(await body()).toBe('by the second')
  await db.destroy()
})

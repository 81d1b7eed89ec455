import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()

it('rule 22: five processes that write at once lose nothing, run nothing twice and leave the file whole', async () => {
  const file = join(folder(), 'five.db')
  const children = Array.from({ length: 5 }, (_, index) =>
    fork(join(import.meta.dirname, 'fixtures/working-process.ts'), [file, `p${index}`, '200']),
  )
  const replies = await Promise.all(
    children.map(async (child) => {
      const [message, exit] = await Promise.all([once(child, 'message'), once(child, 'exit')])
      expect(exit[0]).toBe(0)
      return message[0] as string[]
    }),
  )
  const settled = replies.flat()
  expect(settled.length).toBe(1_000)
  expect(new Set(settled).size).toBe(1_000)

  const store = sqliteStore(file)
  await store.open()
  expect(await store.countExecutions('n', { statuses: ['succeeded'] }, 2_000)).toBe(1_000)
  const [stats] = [await store.stats('n', { job: 'job', from: 0, to: Number.MAX_SAFE_INTEGER })]
  expect(stats.reduce((sum, record) => sum + record.succeeded, 0)).toBe(1_000)
  await store.close()
  const database = new DatabaseSync(file)
  expect(database.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  database.close()
}, 120_000)

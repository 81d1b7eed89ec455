import { openSqlite } from '@escapement/db'
import { dbLockDriver } from '@escapement/lock-db'
import { describeMutexContract } from '@escapement/testkit/vitest'
import { nodeSqliteKysely } from './node-sqlite-kysely.ts'
import { ScratchFolder } from './scratch-folder.ts'

describeMutexContract('dbMutex on a SQLite handle', {
  time: 'virtual',
  lacks: ['waitForRelease'],
  start: async (runtime) => {
    const folder = new ScratchFolder()
    // One handle per client, as separate processes have.
    const open = () => openSqlite({ file: folder.file('locks.db'), runtime })
    const handles = [open()]
    return {
      connect: () => {
        const handle = open()
        handles.push(handle)
        return dbLockDriver(handle)
      },
      loseData: async () => handles[0]?.write((session) => session.exec('DELETE FROM escapement_locks')),
      stop: async () => {
        await Promise.all(handles.map((handle) => handle.close()))
        folder[Symbol.dispose]()
      },
    }
  },
})

describeMutexContract('dbMutex on a Kysely over SQLite', {
  time: 'virtual',
  lacks: ['waitForRelease', 'loseData'],
  start: async (runtime) => {
    const folder = new ScratchFolder()
    const kyselys = [nodeSqliteKysely<object>(folder.file('locks.db'))]
    return {
      connect: () => {
        const kysely = nodeSqliteKysely<object>(folder.file('locks.db'))
        kyselys.push(kysely)
        return dbLockDriver(kysely, { runtime })
      },
      stop: async () => {
        await Promise.all(kyselys.map((kysely) => kysely.destroy()))
        folder[Symbol.dispose]()
      },
    }
  },
})

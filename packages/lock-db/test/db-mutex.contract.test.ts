import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '@escapement/base'
import { openSqlite } from '@escapement/db'
import { dbLockDriver } from '@escapement/lock-db'
import type { MutexContractServer } from '@escapement/testkit'
import { describeMutexContract } from '@escapement/testkit/vitest'

/** One file, and one handle per client as separate processes have. */
async function startSqlite(runtime: Runtime): Promise<MutexContractServer> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-lock-db-'))
  const handles = [openSqlite({ file: join(folder, 'locks.db'), runtime })]
  return {
    connect: () => {
      const handle = openSqlite({ file: join(folder, 'locks.db'), runtime })
      handles.push(handle)
      return dbLockDriver(handle)
    },
    loseData: async () => {
      await handles[0]?.write((session) => session.exec('DELETE FROM escapement_locks'))
    },
    stop: async () => {
      await Promise.all(handles.map((handle) => handle.close()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

describeMutexContract('dbMutex on SQLite', { time: 'virtual', lacks: ['waitForRelease'], start: startSqlite })

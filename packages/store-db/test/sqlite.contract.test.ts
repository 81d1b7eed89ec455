import { describeJobStoreContract } from '@escapement/testkit/vitest'
import Database from 'better-sqlite3'
import { join } from 'node:path'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0

describeJobStoreContract('sqliteStore', ({ runtime }) =>
  sqliteStore({ file: join(folder(), `contract-${files++}.db`), runtime }),
)

describeJobStoreContract('sqliteStore on better-sqlite3', ({ runtime }) => {
  const file = join(folder(), `contract-${files++}.db`)
  return sqliteStore({ open: () => new Database(file), runtime })
})

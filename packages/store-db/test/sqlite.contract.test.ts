import { join } from 'node:path'
import { describeJobStoreContract } from '@escapement/testkit/vitest'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0

describeJobStoreContract('sqliteStore', ({ runtime }) =>
  sqliteStore({ file: join(folder(), `contract-${files++}.db`), runtime }),
)

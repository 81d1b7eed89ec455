import { systemRuntime } from '@escapement/base'
import { describeSchedulerContract } from '@escapement/testkit/vitest'
import { join } from 'node:path'
import { sqliteStore } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
let files = 0

describeSchedulerContract('sqliteStore', ({ runtime }) =>
  sqliteStore({
    file: join(folder(), `schedulers-${files++}.db`),
    // Its clock is the virtual one; what it waits for itself is real.
    runtime: { ...runtime, sleep: (...given) => systemRuntime.sleep(...given) },
  }),
)

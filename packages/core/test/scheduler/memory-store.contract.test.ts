import { describeSchedulerContract } from '@escapement/testkit/vitest'
import { memoryStore } from '../../src/index.ts'

describeSchedulerContract('memoryStore', ({ runtime }) => memoryStore({ runtime }))

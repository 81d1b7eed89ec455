import { describeJobStoreContract } from '@escapement/testkit/vitest'
import { memoryStore } from '../src/index.ts'

describeJobStoreContract('memoryStore', ({ runtime }) => memoryStore({ runtime }))

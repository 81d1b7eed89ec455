import { memoryMutex } from '@escapement/core'
import type { LockContender } from '../lock-contender.ts'
import { ourLock } from './our-lock.ts'

/** Within one process. */
export const MEMORY_LOCKS: readonly LockContender[] = [
  ourLock('memoryMutex', 'memory', () => ({ mutex: memoryMutex(), close: () => undefined })),
]

import { type LockDriver, memoryLockDriver } from '@escapement/core'
import { describeMutexContract } from '@escapement/testkit/vitest'

describeMutexContract('a mutex whose server cannot wake its waiters', {
  time: 'virtual',
  lacks: ['waitForRelease', 'advanceMany', 'now'],
  start: async (runtime) => {
    let data = memoryLockDriver({ runtime })
    const server: LockDriver = {
      minTtlMs: data.minTtlMs,
      maxTtlMs: data.maxTtlMs,
      tryAcquire: (request) => data.tryAcquire(request),
      renewMany: (renewals) => data.renewMany(renewals),
      release: (release) => data.release(release),
      close: () => data.close(),
    }
    return {
      connect: () => server,
      loseData: async () => {
        data = memoryLockDriver({ runtime })
      },
      stop: async () => undefined,
    }
  },
})

describeMutexContract('memoryMutex', {
  time: 'virtual',
  lacks: ['loseData'],
  start: async (runtime) => {
    const driver = memoryLockDriver({ runtime })
    return { connect: () => driver, stop: async () => undefined }
  },
})

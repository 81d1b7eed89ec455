import { describeMutexContract } from '@escapement/testkit/vitest'
import { afterAll, beforeAll } from 'vitest'
import { httpRecordStore } from '../src/http-record-store.ts'
import { recordLockDriver } from '../src/record-lock-driver.ts'
import { type RecordServer, startRecordServer } from '../src/record-server.ts'

const servers: RecordServer[] = []
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})

// The first connections of a process take a busy machine longer than a case may wait.
beforeAll(async () => {
  await using server = await startRecordServer()
  await recordLockDriver(httpRecordStore(server.url)).tryAcquire({ key: 'warm', owner: 'nobody', ttlMs: 1_000 })
})

describeMutexContract('a driver for a store of one’s own', {
  time: 'real',
  lacks: ['waitForRelease', 'advanceMany', 'now'],
  start: async () => {
    const server = await startRecordServer()
    servers.push(server)
    return {
      connect: () => recordLockDriver(httpRecordStore(server.url)),
      loseData: async () => server.loseData(),
      stop: async () => undefined,
    }
  },
})

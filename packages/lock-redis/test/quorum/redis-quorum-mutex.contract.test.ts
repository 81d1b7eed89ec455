import { redisQuorumLockDriver, redisQuorumMutex } from '@escapement/lock-redis'
import { describeMutexContract, describeWithServer } from '@escapement/testkit/vitest'
import { afterAll, beforeAll } from 'vitest'
import type { OpenClient } from '../clients.ts'
import { clientsOf, openAll, QuorumServers } from './quorum-servers.ts'

let cases = 0

describeWithServer('redis', () => {
  let servers: QuorumServers
  // Of all servers: for the first client of every case, for the second, and so on, as separate processes have.
  const clients: Promise<OpenClient[]>[] = []
  beforeAll(async () => {
    servers = await QuorumServers.start()
  })
  afterAll(async () => {
    for (const opened of (await Promise.all(clients)).flat()) await opened[Symbol.asyncDispose]()
    await servers[Symbol.asyncDispose]()
  })

  describeMutexContract('redisQuorumMutex', {
    time: 'real',
    start: async () => {
      const prefix = `case-${++cases}:`
      let connected = 0
      // The first start of three empty servers takes longer than a short lease allows on a busy machine.
      const first = clientsOf(await (clients[0] ??= openAll(servers.urls)))
      await redisQuorumMutex(first, { prefix }).withLock('first start', async () => undefined)
      return {
        connect: async () => {
          const opened = await (clients[connected++] ??= openAll(servers.urls))
          return redisQuorumLockDriver(clientsOf(opened), { prefix })
        },
        loseData: async () => {
          for (const index of servers.urls.keys()) await servers.forget(index, prefix)
        },
        stop: async () => undefined, // its keys go with the servers
      }
    },
  })
})

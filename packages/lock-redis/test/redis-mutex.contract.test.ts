import { redisLockDriver } from '@escapement/lock-redis'
import { describeMutexContract, describeWithServer } from '@escapement/testkit/vitest'
import { afterAll } from 'vitest'
import { LIBRARIES, type OpenClient } from './clients.ts'

let cases = 0

describeWithServer('redis', ({ url }) => {
  for (const [library, open] of Object.entries(LIBRARIES)) {
    // One for the first client of every case, one for the second, and so on, as separate processes have.
    const clients: Promise<OpenClient>[] = []
    afterAll(async () => {
      for (const client of await Promise.all(clients)) await client[Symbol.asyncDispose]()
    })

    describeMutexContract(`redisMutex on ${library}`, {
      time: 'real',
      start: async () => {
        const prefix = `case-${++cases}:`
        let connected = 0
        return {
          connect: async () => {
            const { client, command } = await (clients[connected++] ??= open(url))
            await command('PING')
            return redisLockDriver(client, { prefix })
          },
          loseData: async () => {
            const { command } = await (clients[0] ??= open(url))
            const names = (await command('KEYS', `${prefix}*`)) as string[]
            await command('DEL', ...names)
          },
          stop: async () => undefined, // its keys go with the server
        }
      },
    })
  }
})

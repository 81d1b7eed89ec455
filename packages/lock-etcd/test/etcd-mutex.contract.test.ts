import { etcdLockDriver, etcdMutex } from '@escapement/lock-etcd'
import { describeMutexContract, describeWithServer } from '@escapement/testkit/vitest'
import { Etcd3 } from 'etcd3'
import { beforeAll } from 'vitest'

let rooms = 0

describeWithServer('etcd', ({ url }) => {
  // The first calls of a client compile what all others use, which takes a busy machine longer than a case may wait.
  beforeAll(async () => {
    const client = new Etcd3({ hosts: url })
    const mutex = etcdMutex(client, { prefix: 'contract/warm/' })
    for (let times = 0; times < 20; times++) await mutex.withLock('key', (lease) => lease.renew())
    await mutex.close()
    client.close()
  })

  describeMutexContract('etcdMutex', {
    time: 'real',
    // A server with the usual time for elections grants no less than 2 s. It looks for ended leases twice a second.
    ttlMs: 3_000,
    lingerMs: 1_500,
    lacks: ['loseData', 'now'],
    start: async () => {
      const prefix = `contract/${process.pid}/${rooms++}/`
      const clients: Etcd3[] = []
      return {
        connect: async () => {
          const client = new Etcd3({ hosts: url })
          clients.push(client)
          await client.get(prefix) // its connection is there
          return etcdLockDriver(client, { prefix })
        },
        stop: async () => {
          for (const client of clients) client.close()
        },
      }
    },
  })
})

import { etcdMutex } from '@escapement/lock-etcd'
import { Etcd3 } from 'etcd3'
import { etcd3Peer } from '../peer/etcd3-peer.ts'
import type { LockContender, OpenLock } from '../lock-contender.ts'
import { floorLock } from './floor-lock.ts'
import { ourLock } from './our-lock.ts'
import { openQueueFloor } from './queue-etcd-floor.ts'

/** Keys under leases on one etcd, each contender through a client of its own. */
export const ETCD_LOCKS: readonly LockContender[] = [
  floorLock('a lease, a transaction, the end of the lease', 'etcd', openFloor),
  floorLock('a transaction and a delete, one lease for all', 'etcd', openSharedFloor),
  floorLock('a lease, a key in a queue, a watch on the one before', 'etcd', openQueueFloor, true),
  ourLock('etcdMutex', 'etcd', (url) => {
    const client = new Etcd3({ hosts: url })
    return { mutex: etcdMutex(client), close: () => client.close() }
  }),
  etcd3Peer,
]

function openFloor(url: string): OpenLock {
  const client = new Etcd3({ hosts: url })
  return {
    acquire: async (key, ttlMs) => {
      const { ID } = await client.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) })
      await take(client, `floor/${key}`, ID)
      return () => client.leaseClient.leaseRevoke({ ID })
    },
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

/** As the client for Go has it: one session for a process, whose lease all its locks share, and all lose together. */
async function openSharedFloor(url: string): Promise<OpenLock> {
  const client = new Etcd3({ hosts: url })
  const { ID } = await client.leaseClient.leaseGrant({ TTL: 600 })
  return {
    acquire: async (key) => {
      const name = `shared-floor/${key}`
      await take(client, name, ID)
      return () => client.kv.deleteRange({ key: Buffer.from(name) })
    },
    [Symbol.asyncDispose]: async () => {
      await client.leaseClient.leaseRevoke({ ID })
      client.close()
    },
  }
}

/** Puts the key under the lease if it is not there, else reads it. */
async function take({ kv }: Etcd3, name: string, lease: string): Promise<void> {
  const key = Buffer.from(name)
  await kv.txn({
    compare: [{ key, target: 'Create', result: 'Equal', create_revision: '0' }],
    success: [{ request_put: { key, value: Buffer.alloc(0), lease } }],
    failure: [{ request_range: { key } }],
  })
}

import { Etcd3 } from 'etcd3'
import type { LockContender } from '../lock-contender.ts'
import { peerLock } from './peer-lock.ts'

/** The lock that etcd3 brings along. */
export const etcd3Peer: LockContender = peerLock('etcd3', {
  backend: 'etcd',
  waits: false,
  endsWith: 'lease',
  settings: 'its own `Lock`, by `lock(key).ttl(…)`, which asks once and cannot wait',
  open: async (url) => {
    const client = new Etcd3({ hosts: url })
    return {
      acquire: async (key, ttlMs) => {
        const lock = client.lock(`etcd3/${key}`).ttl(Math.ceil(ttlMs / 1_000))
        await lock.acquire()
        return () => lock.release()
      },
      [Symbol.asyncDispose]: async () => client.close(),
    }
  },
})

import { Etcd3, EtcdLockFailedError } from 'etcd3'
import { versionOf } from '../../peers/peer-version.ts'
import type { CommandFaults, CommandPurpose, PeerLibrary } from '../peer-library.ts'

/** What each call of its lock is for; the lease that it makes first has no part in who gets the key. */
const PURPOSES: Readonly<Record<string, CommandPurpose>> = { txn: 'tryAcquire', leaseRevoke: 'release' }

/** The lock that etcd3 brings along. */
export const etcd3Shim: PeerLibrary = {
  name: `etcd3 ${versionOf('etcd3')}, its own Lock`,
  backend: 'etcd',
  about:
    '`client.lock(key).ttl(…)`, default fault handling; leases of whole seconds that it always renews. It asks once, hides its lease and promises neither order nor fence',
  renews: true,
  takesSignal: false,
  connect: async (url, faults, questions) => {
    const server = new Etcd3({ hosts: url })
    await server.get('warm')
    const client = new Etcd3({ hosts: url })
    client.mock(disturbedPool(server, faults) as never)
    return {
      tryAcquire: async (key, { ttlMs, renews }) => {
        if (!renews) throw questions.refuse('it always renews')
        const lock = client.lock(key).ttl(Math.ceil(ttlMs / 1_000))
        try {
          await lock.acquire()
        } catch (error) {
          if (error instanceof EtcdLockFailedError) return null
          throw error
        }
        return {
          release: async () => {
            await lock.release()
            return true
          },
        }
      },
      close: async () => {
        client.close()
        server.close()
      },
    }
  },
}

/** What a client of etcd3 calls; `mock` lets it be another's. */
interface CallPool {
  exec(service: string, method: string, payload: unknown, options?: unknown): Promise<unknown>
  withConnection(service: string, use: unknown): Promise<unknown>
  markFailed(host: unknown, error: Error): void
}

function disturbedPool(server: Etcd3, faults: CommandFaults): CallPool {
  const { pool } = server as unknown as { readonly pool: CallPool }
  return {
    exec: (service, method, payload, options) => {
      const purpose = PURPOSES[method]
      const send = (): Promise<unknown> => pool.exec(service, method, payload, options)
      return purpose === undefined ? send() : faults.send(purpose, send)
    },
    withConnection: (service, use) => pool.withConnection(service, use),
    markFailed: (host, error) => pool.markFailed(host, error),
  }
}

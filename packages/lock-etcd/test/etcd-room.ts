import { silentLogger } from '@escapement/testkit'
import type { MutexManager } from '@escapement/core'
import { type EtcdLockOptions, etcdMutex } from '@escapement/lock-etcd'
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'

let rooms = 0

/** A prefix of its own on a server, and mutexes in it. */
export interface EtcdRoom extends AsyncDisposable {
  readonly prefix: string
  readonly client: Etcd3
  /** One more mutex, through a client of its own. */
  mutex(url?: string, options?: EtcdLockOptions): MutexManager
  /** The keys under the prefix. */
  keys(): Promise<string[]>
}

/** Makes room on the server at `url`. */
export function etcdRoom(url: string): EtcdRoom {
  const prefix = `test/${process.pid}/${rooms++}/`
  const clients: Etcd3[] = []
  const mutexes: MutexManager[] = []
  const connect = (hosts: string): Etcd3 => {
    // Each call is made once, and at once: what goes wrong is seen as it is.
    const client = new Etcd3({ hosts, faultHandling: { host: () => noop, global: noop } })
    clients.push(client)
    return client
  }
  const client = connect(url)
  return {
    prefix,
    client,
    mutex: (hosts = url, options = {}) => {
      const mutex = etcdMutex(connect(hosts), { prefix, logger: silentLogger, ...options })
      mutexes.push(mutex)
      return mutex
    },
    keys: async () => (await client.getAll().prefix(prefix).keys()).map((key) => key.slice(prefix.length)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(mutexes.map((mutex) => mutex.close()))
      for (const each of clients) each.close()
    },
  }
}

import { systemRuntime } from '@escapement/base'
import { Etcd3 } from 'etcd3'
import type { OpenLock } from '../lock-contender.ts'

/** The key before one's own in the queue. */
interface Predecessor {
  readonly key: Buffer
}

/** The least that hands a lock on: who comes puts a key under a lease, and has the lock once no older one is there. */
export function openQueueFloor(url: string): OpenLock {
  const client = new Etcd3({ hosts: url })
  return {
    acquire: async (key, ttlMs) => {
      const lease = client.lease(Math.ceil(ttlMs / 1_000), { autoKeepAlive: false })
      const queue = `queue-floor/${key}/`
      const id = await lease.grant()
      const { header } = await client.kv.put({ key: Buffer.from(`${queue}${id}`), value: Buffer.alloc(0), lease: id })
      using _ = systemRuntime.repeat(ttlMs / 3, () => void lease.keepaliveOnce())
      for (;;) {
        const ahead = await predecessor(client, queue, header.revision)
        if (ahead === undefined) break
        await deletion(client, ahead, () => predecessor(client, queue, header.revision))
      }
      return () => lease.revoke()
    },
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

async function predecessor(client: Etcd3, queue: string, revision: string): Promise<Predecessor | undefined> {
  const { kvs } = await client.kv.range({
    key: Buffer.from(queue),
    range_end: Buffer.from(`${queue.slice(0, -1)}0`), // "0" comes after "/"
    limit: 1,
    sort_order: 'Descend',
    sort_target: 'Create',
    max_create_revision: String(BigInt(revision) - 1n),
  })
  return kvs[0]
}

/** Watches the key from now on; looks once more when that has begun. */
async function deletion(
  client: Etcd3,
  { key }: Predecessor,
  look: () => Promise<Predecessor | undefined>,
): Promise<void> {
  const watch = await client.watchClient.watch()
  try {
    await new Promise<void>((resolve, reject) => {
      watch.on('data', ({ created, events }) => {
        if (events.length > 0) resolve()
        if (created) look().then((ahead) => (ahead?.key.equals(key) === true ? undefined : resolve()), reject)
      })
      watch.on('error', reject)
      watch.write({ create_request: { key, filters: ['Noput'] } })
    })
  } finally {
    watch.end()
    watch.cancel()
  }
}

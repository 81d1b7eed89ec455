/** Contends for keys of an etcd in quarantine: see `runContest`. */
import { etcdFenceCompare, etcdMutex } from '@escapement/lock-etcd'
import { contend, silentLogger } from '@escapement/testkit/contest'
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'

const [, , url = '', maxTtl = ''] = process.argv
const client = new Etcd3({ hosts: url, faultHandling: { host: () => noop, global: noop } })
await contend({
  mutex: etcdMutex(client, { quarantine: true, maxTtl: Number(maxTtl), logger: silentLogger }),
  write: async (lease) => {
    const writing = client.if(...etcdFenceCompare(lease)).then(client.put(`writes/${lease.key}`).value('written'))
    const { succeeded, header } = await writing.commit()
    return succeeded ? Number(header.revision) : null
  },
})

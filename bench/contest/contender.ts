/** Contends for keys of a lock: see `runContest`. Arguments: its kind, where it is, and the greatest ttl in quarantine. */
import { dbMutex, pgNotify } from '@escapement/lock-db'
import { etcdFenceCompare, etcdMutex } from '@escapement/lock-etcd'
import { redisFenceGuard, redisMutex, redisQuorumMutex } from '@escapement/lock-redis'
import { contend, type Contending, silentLogger as logger } from '@escapement/testkit/contest'
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import type { ContestedKind } from './contested-lock.ts'
import { openResource, type ResourceKind } from './contested-resource.ts'

const [, , kind = '', url = '', maxTtl = ''] = process.argv
const quarantine = maxTtl === '' ? {} : { quarantine: true, maxTtl: Number(maxTtl) }

function onRedis(): Contending {
  const client = new Redis(url)
  client.on('error', () => undefined)
  const count = redisFenceGuard(client, `return redis.call('INCR', KEYS[1])`)
  return {
    mutex: redisMutex(client, { logger, ...quarantine }),
    write: async ({ key, fence }) => {
      const answer = await count({ fence, fenceKey: `{${key}}:fence`, keys: [`{${key}}:writes`] })
      return answer.isApplied ? Number(answer.reply) : null
    },
  }
}

/** Its place is that of a SQLite file, and those of the servers. */
function onQuorum(): Contending {
  const [file = '', ...urls] = url.split(',')
  const clients = urls.map((each) => new Redis(each).on('error', () => undefined))
  const resource = openResource('sqlite', file)
  return {
    mutex: redisQuorumMutex(clients, { logger, ...quarantine }),
    write: ({ key, fence }) => resource.write(key, fence),
  }
}

function onEtcd(): Contending {
  // Each call is made once, and at once: the breaker of the client would keep calls back when the server answers again.
  const client = new Etcd3({ hosts: url, faultHandling: { host: () => noop, global: noop } })
  return {
    mutex: etcdMutex(client, { logger, ...quarantine }),
    write: async (lease) => {
      const writing = client.if(...etcdFenceCompare(lease)).then(client.put(`writes/${lease.key}`).value('written'))
      const { succeeded, header } = await writing.commit()
      return succeeded ? Number(header.revision) : null
    },
  }
}

function onDatabase(of: ResourceKind): Contending {
  const resource = openResource(of, url)
  const told = of === 'postgres' ? { notify: pgNotify(() => new Client({ connectionString: url })) } : {}
  return {
    mutex: dbMutex(resource.locks, { logger, ...told }),
    write: ({ key, fence }) => resource.write(key, fence),
  }
}

const CONTENDING: Readonly<Record<ContestedKind, () => Contending>> = {
  sqlite: () => onDatabase('sqlite'),
  postgres: () => onDatabase('postgres'),
  mariadb: () => onDatabase('mariadb'),
  redis: onRedis,
  quorum: onQuorum,
  etcd: onEtcd,
}
await contend(CONTENDING[kind as ContestedKind]())

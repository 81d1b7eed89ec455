import { connectionsCut, type ContestFault, serverEmptied, serverRestarted } from '@escapement/testkit/contest'
import { createTestDatabase } from '@escapement/testkit/servers'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { makeResource } from './contested-resource.ts'
import type { ContestedLock } from './contested-lock.ts'
import { type ContestServer, startContestServer } from './contest-server.ts'

/** What each command has written is on the disk when it is answered. */
export const DURABLE_REDIS: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always']

/** Locks in a store of keys. */
export async function openContestedStore(kind: 'redis' | 'etcd'): Promise<ContestedLock> {
  const server = await startContestServer(kind, kind === 'redis' ? DURABLE_REDIS : [])
  return { ...contested(kind, server, server.proxy.url), loss: serverEmptied(server.process) }
}

/** Locks in a database. Its loss is one of the database alone: an administrator drops it and makes it anew. */
export async function openContestedDatabase(kind: 'postgres' | 'mariadb'): Promise<ContestedLock> {
  const server = await startContestServer(kind)
  const { url } = await createTestDatabase(kind, server.url)
  await makeResource(kind, url)
  const place = new URL(server.proxy.url)
  place.pathname = new URL(url).pathname
  const loss: ContestFault = {
    name: 'the database was dropped and made anew',
    losesData: true,
    happen: async () => {
      await makeAnew(kind, server.url, place.pathname.slice(1))
      await makeResource(kind, url)
    },
  }
  return { ...contested(kind, server, place.href), loss }
}

function contested(kind: string, server: ContestServer, url: string): Omit<ContestedLock, 'loss'> {
  const { process, proxy } = server
  return {
    args: [kind, url],
    faults: [connectionsCut(proxy), serverRestarted(process), serverRestarted(process, 'crash')],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function makeAnew(kind: 'postgres' | 'mariadb', url: string, name: string): Promise<void> {
  if (kind === 'postgres') {
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${name}`)
    await client.end()
  } else {
    const connection = await createConnection(url)
    await connection.query(`DROP DATABASE ${name}`)
    await connection.query(`CREATE DATABASE ${name}`)
    await connection.end()
  }
}

import { connect, constants } from 'node:http2'
import { Redis } from 'ioredis'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { isHttp2Reply, type ServerKind, startServer, startTcpProxy, type TcpProxy } from '../../../src/servers.ts'

/** Starting a server can take long on a busy machine. Milliseconds. */
const LONG = 120_000

async function withProxy(kind: ServerKind, test: (proxy: TcpProxy, direct: string) => Promise<void>): Promise<void> {
  await using server = await startServer(kind)
  await using proxy = await startTcpProxy(server.url)
  await test(proxy, server.url)
}

/** A client of PostgreSQL whose lost connection is no uncaught error. */
async function postgresClient(url: string): Promise<Client> {
  const client = new Client(url)
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function redisClient(url: string): Redis {
  // Otherwise it would ask again by itself.
  const client = new Redis(url, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false, retryStrategy: null })
  client.on('error', () => undefined)
  return client
}

/** Calls a method of etcd (gRPC: a byte, the length, the message); resolves with the message of the reply. */
function callEtcd(url: string, method: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connect(url)
    session.once('error', reject)
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/etcdserverpb.KV/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('close', () => {
      session.destroy()
      if (chunks.length === 0) reject(new Error('closed without a reply'))
      else resolve(Buffer.concat(chunks).subarray(5))
    })
    stream.end(Buffer.concat([head, message]))
  })
}

/** A message of protobuf with texts as its fields 1, 2, … */
function fields(...texts: string[]): Buffer {
  return Buffer.concat(
    texts.map((text, index) => Buffer.from([((index + 1) << 3) | 2, text.length, ...Buffer.from(text)])),
  )
}

describe('TcpProxy before real servers', () => {
  it(
    'PostgreSQL: the row of an INSERT whose reply was lost is there, and the client has an error',
    async () => {
      await withProxy('postgres', async (proxy, direct) => {
        const observer = await postgresClient(direct)
        await observer.query('DROP TABLE IF EXISTS cities; CREATE TABLE cities (id int PRIMARY KEY)')
        for (const [id, values] of [
          [1, undefined], // as one simple query
          [2, [2]], // as a prepared one: Parse, Bind, Describe, Execute, Sync
        ] as const) {
          const client = await postgresClient(proxy.url)
          const lost = proxy.loseReply({ request: 'INSERT' })
          expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
          const text = `INSERT INTO cities VALUES (${values === undefined ? id : '$1'})`
          await expect(client.query({ text, ...(values && { values: [...values] }) })).rejects.toThrow(
            /terminated|ECONNRESET/,
          )
          await lost
          expect((await observer.query('SELECT id FROM cities WHERE id = $1', [id])).rows).toEqual([{ id }])
        }

        const client = await postgresClient(proxy.url)
        const lost = proxy.loseRequest('INSERT')
        await expect(client.query('INSERT INTO cities VALUES (3)')).rejects.toThrow(/terminated|ECONNRESET/)
        await lost
        expect((await observer.query('SELECT id FROM cities ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }])
        await observer.end()
      })
    },
    LONG,
  )

  it(
    'PostgreSQL: a client waits while frozen, and longer by the delay; sessions that were cut are gone',
    async () => {
      await withProxy('postgres', async (proxy) => {
        const client = await postgresClient(proxy.url)
        proxy.freeze()
        let isAnswered = false
        const answer = client.query('SELECT 7 AS seven').finally(() => (isAnswered = true))
        const late = postgresClient(proxy.url)
        await proxy.connection(2)
        expect(isAnswered).toBe(false)
        await proxy.heal()
        expect((await answer).rows).toEqual([{ seven: 7 }])
        await (await late).end()
        proxy.delay('20ms', 'replies')
        const startedAt = performance.now()
        await client.query('SELECT 1')
        expect(performance.now() - startedAt).toBeGreaterThanOrEqual(20)
        const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
        proxy.cut()
        await Promise.all([ended, proxy.idle()])
      })
    },
    LONG,
  )

  it(
    'MariaDB: the row of an INSERT whose reply was lost is there, and the client has an error',
    async () => {
      await withProxy('mariadb', async (proxy, direct) => {
        const observer = await createConnection(direct)
        await observer.query('CREATE OR REPLACE TABLE cities (id int PRIMARY KEY)')
        for (const method of ['query', 'execute'] as const) {
          const client = await createConnection(proxy.url)
          client.on('error', () => undefined)
          const id = method === 'query' ? 1 : 2
          // Executing a prepared statement sends its number, not its text: the request after the PREPARE.
          const isInsert = (bytes: Buffer): boolean => bytes.includes('INSERT') && method === 'query'
          const isExecute = (bytes: Buffer): boolean => bytes[4] === 0x17
          const lost = proxy.loseReply({ request: method === 'query' ? isInsert : isExecute })
          const text = `INSERT INTO cities VALUES (${id})`
          const inserted = method === 'query' ? client.query(text) : client.execute(text)
          await expect(inserted).rejects.toThrow('ECONNRESET')
          await lost
          const [rows] = await observer.query<RowDataPacket[]>('SELECT id FROM cities WHERE id = ?', [id])
          expect(rows).toEqual([{ id }])
          client.destroy()
        }
        await observer.end()
      })
    },
    LONG,
  )

  it(
    'Redis: the INCR whose reply was lost has counted, and the client has an error',
    async () => {
      await withProxy('redis', async (proxy, direct) => {
        const observer = redisClient(direct)
        const client = redisClient(proxy.url)
        await client.set('counter', 1)
        const lost = proxy.loseReply({ request: /incr/i })
        await expect(client.incr('counter')).rejects.toThrow('Connection is closed')
        await lost
        expect(await observer.get('counter')).toBe('2')
        client.disconnect()
        observer.disconnect()
      })
    },
    LONG,
  )

  it(
    'etcd: the put whose reply was lost is stored, and the client has an error; what HTTP/2 sends before is no reply',
    async () => {
      await withProxy('etcd', async (proxy, direct) => {
        await callEtcd(proxy.url, 'Put', fields('one', 'first'))
        expect(String(await callEtcd(proxy.url, 'Range', fields('one')))).toContain('first')
        for (let round = 0; round < 20; round++) {
          const lost = proxy.loseReply({ request: `value-${round}`, reply: isHttp2Reply })
          await expect(callEtcd(proxy.url, 'Put', fields('key', `value-${round}`))).rejects.toThrow(
            /ECONNRESET|closed without a reply/,
          )
          await lost
          expect(String(await callEtcd(direct, 'Range', fields('key')))).toContain(`value-${round}`)
        }
      })
    },
    LONG,
  )
})

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { openServer } from '../../src/index.ts'

/** One message of PostgreSQL's protocol: a letter, its length, its body. */
function message(letter: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(letter)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const AUTHENTICATED = message('R', Buffer.alloc(4))
const READY = message('Z', Buffer.from('I'))
const TERMINATED = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))

test('a session that the server ends in the moment in which it is ready does not end the process', async () => {
  // The pool does not listen to a client that it lends, and the caller only hears of it a moment later.
  await using server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, TERMINATED])))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const pool = new Pool({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'u', database: 'd' })
  await expect(openServer(pool).open()).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
  await pool.end()
})

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A store over HTTP in the manner of object stores: a version comes as `ETag`, and a write is conditional by `If-Match`. */
export interface RecordServer extends AsyncDisposable {
  readonly url: string
  /** Forgets everything. */
  loseData(): void
}

interface StoredRecord {
  readonly text: string
  readonly version: number
}

/** Starts one on loopback. Its clock, Unix milliseconds, comes with each answer as `X-Now`. */
export async function startRecordServer(): Promise<RecordServer> {
  const records = new Map<string, StoredRecord>()
  let writes = 0
  const handle = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const key = new URL(request.url ?? '', 'http://store').searchParams.get('key') ?? ''
    const found = records.get(key)
    const version = String(found?.version ?? 0)
    response.setHeader('ETag', version)
    response.setHeader('X-Now', String(performance.timeOrigin + performance.now()))
    if (request.method === 'GET') {
      response.writeHead(found === undefined ? 404 : 200).end(found?.text)
    } else if (request.headers['if-match'] === version) {
      records.set(key, { text: body, version: ++writes })
      response.writeHead(204).end()
    } else {
      response.writeHead(412).end()
    }
  }
  const server = createServer((request, response) => {
    text(request).then(
      (body) => handle(request, body, response),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseData: () => records.clear(),
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

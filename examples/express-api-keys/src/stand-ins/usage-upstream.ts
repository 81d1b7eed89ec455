import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UsagePage, UsageRecord } from '../usage/usage-client.ts'
import { StandInServer } from './stand-in-server.ts'

/** The upstream service that counts requests: `GET /usage?after=<sequence>&limit=<n>` and `GET /health`. */
export class UsageUpstream extends StandInServer {
  readonly #records: UsageRecord[] = []

  /** Records that a key was used. */
  record(keyId: string, requests: number, at: number): void {
    this.#records.push({ sequence: this.#records.length + 1, keyId, requests, at })
  }

  protected override answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost')
    response.setHeader('content-type', 'application/json')
    switch (url.pathname) {
      case '/health':
        response.end('{"status":"ok"}')
        break
      case '/usage':
        response.end(
          JSON.stringify(this.#page(Number(url.searchParams.get('after')), Number(url.searchParams.get('limit')))),
        )
        break
      default:
        response.writeHead(404).end('{}')
    }
  }

  #page(after: number, limit: number): UsagePage {
    const end = after + limit
    return { records: this.#records.slice(after, end), hasMore: this.#records.length > end }
  }
}

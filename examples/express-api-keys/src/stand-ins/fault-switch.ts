import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'

/** How a stand-in behaves: as it should, or not. */
const FAULTS = ['none', 'down', 'slow', 'garbage'] as const
export type Fault = (typeof FAULTS)[number]

/** Longer than any client is prepared to wait. */
const SLOW_MS = 60_000

/** Makes a server misbehave. `PUT /fault` with a fault's name as body sets it over HTTP. */
export class FaultSwitch {
  #fault: Fault = 'none'

  get fault(): Fault {
    return this.#fault
  }

  set(fault: Fault): void {
    this.#fault = fault
  }

  /** Whether it has dealt with the request, so that the server need not. */
  async handles(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (request.method === 'PUT' && request.url === '/fault') {
      await this.#setByRequest(request, response)
      return true
    }
    switch (this.#fault) {
      case 'none':
        return false
      case 'down':
        request.socket.destroy()
        return true
      case 'slow':
        return await hangs(response)
      case 'garbage':
        response.setHeader('content-type', 'text/html').end('<html><body>Welcome to nginx!</body></html>')
        return true
    }
  }

  async #setByRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (await request.setEncoding('utf8').toArray()).join('').trim()
    const fault = FAULTS.find((known) => known === name)
    if (fault !== undefined) this.#fault = fault
    response.statusCode = fault === undefined ? 422 : 200
    response.end(fault === undefined ? `a fault is one of ${FAULTS.join(', ')}\n` : `fault: ${fault}\n`)
  }
}

async function hangs(response: ServerResponse): Promise<boolean> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  await setTimeout(SLOW_MS, undefined, { signal: gone.signal, ref: false }).catch(() => undefined)
  return gone.signal.aborted
}

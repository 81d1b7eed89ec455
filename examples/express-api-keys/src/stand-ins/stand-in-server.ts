import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FaultSwitch } from './fault-switch.ts'

/** An HTTP server in place of someone else's, on a free loopback port, that can be made to misbehave. */
export abstract class StandInServer implements AsyncDisposable {
  readonly faults: FaultSwitch = new FaultSwitch()
  readonly #server: Server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  /** @returns Its URL. */
  async start(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`)
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Answers one request. */
  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void> | void

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await this.faults.handles(request, response)) return
    await this.answer(request, response)
  }
}

import { startTcpProxy, type TcpProxy } from '../../src/servers.ts'
import { connectPeer, type TcpPeer, type TestTcpServer, testTcpServer } from './tcp-peer.ts'

/** A server that answers in capitals, a proxy before it, and clients. */
export class TcpStage implements AsyncDisposable {
  readonly server: TestTcpServer
  readonly proxy: TcpProxy
  readonly #clients: TcpPeer[] = []

  private constructor(server: TestTcpServer, proxy: TcpProxy) {
    this.server = server
    this.proxy = proxy
  }

  static async start(): Promise<TcpStage> {
    const server = await testTcpServer()
    return new TcpStage(server, await startTcpProxy(server.url))
  }

  /** A client of the proxy, or of another port. */
  async connectClient(port: number = this.proxy.port): Promise<TcpPeer> {
    const client = await connectPeer(port)
    this.#clients.push(client)
    return client
  }

  /** A client of the proxy with the server's end of its connection. */
  async connectPair(): Promise<{ client: TcpPeer; peer: TcpPeer }> {
    const client = await this.connectClient()
    client.send('hello ')
    await client.has('HELLO ')
    client.received = ''
    const peer = this.server.peers.at(-1) as TcpPeer
    peer.received = ''
    return { client, peer }
  }

  /** What was to happen on the loopback has happened after a few rounds past the proxy. */
  async letThingsHappen(): Promise<void> {
    const client = await this.connectClient(this.server.port)
    for (let round = 0; round < 20; round++) {
      client.received = ''
      client.send('x')
      await client.has('X')
    }
    client.socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy()
    await this.proxy.close()
    await this.server[Symbol.asyncDispose]()
  }
}

/** The code of an error of a socket. */
export function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code
}

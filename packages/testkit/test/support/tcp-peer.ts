import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** One end of a connection: keeps what comes and how the connection ends. */
export class TcpPeer {
  readonly socket: Socket
  /** All that came, as Latin-1. */
  received: string = ''
  /** The first that was seen of an end. */
  ending: 'none' | 'end' | 'reset' = 'none'
  #onChange = (): void => undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1').on('data', (text: string) => this.#change(() => (this.received += text)))
    socket.on('end', () => this.#end('end'))
    socket.on('error', () => this.#end('reset'))
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => isTrue() && resolve()
      this.#onChange()
    })
  }

  has(text: string): Promise<void> {
    return this.until(() => this.received === text)
  }

  async ended(): Promise<'none' | 'end' | 'reset'> {
    await this.until(() => this.ending !== 'none')
    return this.ending
  }

  #end(ending: 'end' | 'reset'): void {
    this.#change(() => this.ending === 'none' && (this.ending = ending))
  }

  #change(change: () => void): void {
    change()
    this.#onChange()
  }
}

/** A server that answers what it gets, in capitals unless told otherwise. */
export interface TestTcpServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** One for each connection, in the order in which they came. */
  readonly peers: readonly TcpPeer[]
}

/** Starts a server that answers each chunk; null: it leaves that to the test. */
export async function testTcpServer(
  answer: ((text: string, peer: TcpPeer) => void) | null = (text, peer) => peer.send(text.toUpperCase()),
): Promise<TestTcpServer> {
  const peers: TcpPeer[] = []
  const server = createServer((socket) => {
    const peer = new TcpPeer(socket)
    peers.push(peer)
    if (answer !== null) socket.on('data', (text) => answer(String(text), peer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const { socket } of peers) socket.destroy()
    await closed
  }
  return { url: `tcp://127.0.0.1:${port}`, port, peers, [Symbol.asyncDispose]: stop }
}

/** Connects; rejects when it is refused. */
export function connectPeer(port: number): Promise<TcpPeer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(peer))
    const peer = new TcpPeer(socket)
    socket.once('error', reject)
  })
}

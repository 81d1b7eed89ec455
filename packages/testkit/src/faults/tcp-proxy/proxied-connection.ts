import type { Socket } from 'node:net'
import type { TimerQueue } from '@escapement/base'
import { type BytesMatch, BytesWindow, isMatch } from './bytes-match.ts'
import { type LaneConditions, type LaneContent, ProxyLane } from './proxy-lane.ts'
import { TcpProxyError } from './tcp-proxy-error.ts'

/** What a side sees of the end of its connection: an RST, a FIN, or nothing at all. */
export type ConnectionEnd = 'reset' | 'end' | 'silence'

/** What each side sees of the end of a connection. */
export interface ConnectionEnds {
  /** Default `reset`. */
  readonly client?: ConnectionEnd
  /** Default `reset`. */
  readonly server?: ConnectionEnd
}

interface ProxiedConnectionParts {
  readonly client: Socket
  /** May be connecting still. */
  readonly server: Socket
  readonly conditions: Readonly<Record<'requests' | 'replies', LaneConditions>>
  readonly timers: TimerQueue
  /** Sees what is about to be handed to the server. */
  readonly onRequest: (connection: ProxiedConnection, chunk: Buffer) => void
}

/** A reply that is not to reach the client. */
interface LosingReply {
  readonly reply: BytesMatch
  readonly client: ConnectionEnd
  readonly seen: BytesWindow
  isLost: boolean
}

/** A client's connection and the one that was made to the server for it. */
export class ProxiedConnection {
  /** What the client has sent since the server sent something, as far as somebody looks at it. */
  readonly request: BytesWindow = new BytesWindow()
  /** Resolves once both sides are closed. */
  readonly closed: Promise<void>
  readonly #client: Socket
  readonly #server: Socket
  readonly #serverClosed: Promise<void>
  readonly #requests: ProxyLane
  readonly #replies: ProxyLane
  #losing: LosingReply | undefined
  #isCut = false

  constructor({ client, server, conditions, timers, onRequest }: ProxiedConnectionParts) {
    this.#client = client
    this.#server = server
    const handOver = (content: LaneContent): void => {
      if (typeof content !== 'string') onRequest(this, content)
      if (!this.#isCut) put(server, content)
    }
    const handBack = (content: LaneContent): void => put(client, content)
    this.#requests = new ProxyLane({ source: client, target: server, deliver: handOver }, conditions.requests, timers)
    this.#replies = new ProxyLane({ source: server, target: client, deliver: handBack }, conditions.replies, timers)
    client.on('data', (chunk) => this.#requests.push(chunk))
    server.on('data', (chunk) => this.#onReply(chunk))
    this.#watch(client, this.#requests, this.#replies)
    this.#watch(server, this.#replies, this.#requests)
    this.#serverClosed = closeOf(server)
    this.closed = Promise.all([closeOf(client), this.#serverClosed]).then(() => undefined)
    this.pump()
  }

  /** Whether a reply on this connection is being lost: it ends with that. */
  get isLosingReply(): boolean {
    return this.#losing !== undefined
  }

  /** To be called whenever the conditions have changed. */
  pump(): void {
    this.#requests.pump()
    this.#replies.pump()
  }

  /** Ends the connection between the two sides, and lets each see its end of it. */
  cut({ client = 'reset', server = 'reset' }: ConnectionEnds): void {
    this.#isCut = true
    this.#requests.lose()
    this.#replies.lose()
    endAs(this.#client, client)
    endAs(this.#server, server)
    this.#closeAbandoned()
  }

  /**
   * Swallows what the server sends from now on until it has sent `reply`; then ends the client's connection as `client`
   * says. The server gets a FIN behind what it was handed, and so still does all of that.
   *
   * @returns Resolves once the server has closed its side, too.
   * @throws {@link TcpProxyError} when the connection ends before the server has sent `reply`.
   */
  async loseReply(reply: BytesMatch, client: ConnectionEnd): Promise<void> {
    const losing: LosingReply = { reply, client, seen: new BytesWindow(), isLost: false }
    this.#losing = losing
    await this.#serverClosed
    if (!losing.isLost) throw new TcpProxyError('The connection ended before the server had sent the reply to be lost')
  }

  /** Closes both sides at once. */
  destroy(): Promise<void> {
    this.#client.destroy()
    this.#server.destroy()
    return this.closed
  }

  #onReply(chunk: Buffer): void {
    this.request.clear()
    const losing = this.#losing
    if (losing === undefined) return this.#replies.push(chunk)
    if (this.#isCut || !isMatch(losing.reply, losing.seen.add(chunk))) return
    losing.isLost = true
    this.cut({ client: losing.client, server: 'end' })
  }

  #watch(socket: Socket, outgoing: ProxyLane, incoming: ProxyLane): void {
    socket.setNoDelay(true) // the delays are ours alone
    socket.on('end', () => {
      outgoing.push('end')
      this.#closeAbandoned()
    })
    socket.on('error', () => outgoing.push('reset'))
    socket.on('drain', () => incoming.pump())
    socket.on('close', () => {
      incoming.pump()
      this.#closeAbandoned()
    })
  }

  /** Closes a side that has ended and that nobody will tell of the other's end any more. */
  #closeAbandoned(): void {
    const [client, server] = [this.#client, this.#server]
    if (client.readableEnded && server.destroyed && this.#replies.isLost) client.destroy()
    if (server.readableEnded && client.destroyed && this.#requests.isLost) server.destroy()
  }
}

/** Does to a side what the other side did. */
function put(socket: Socket, content: LaneContent): void {
  if (socket.destroyed) return
  if (content === 'end') socket.end()
  else if (content === 'reset') reset(socket)
  else socket.write(content)
}

/** A socket whose FIN is on its way can neither be reset nor, once that has failed, be closed (Node.js 24, libuv `uv_tcp_close_reset`). */
function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}

function endAs(socket: Socket, end: ConnectionEnd): void {
  if (end !== 'silence') put(socket, end)
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

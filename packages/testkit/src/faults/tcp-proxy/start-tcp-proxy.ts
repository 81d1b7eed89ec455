import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { type Duration, durationMs, InvalidOptionError, systemRuntime, TimerQueue } from '@escapement/base'
import type { BytesMatch } from './bytes-match.ts'
import { ConnectionList } from './connection-list.ts'
import { type ConnectionEnd, type ConnectionEnds, ProxiedConnection } from './proxied-connection.ts'
import type { LaneConditions } from './proxy-lane.ts'
import { RequestWatch } from './request-watch.ts'
import { addressOf, type ServerAddress, urlThrough } from './target-url.ts'
import type { LoseReplyOptions, TcpDirection, TcpProxy } from './tcp-proxy.ts'
import { TcpProxyError } from './tcp-proxy-error.ts'

const HOST = '127.0.0.1'
const UNDISTURBED: Readonly<LaneConditions> = { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, flow: 'pass' }
const anything = (): boolean => true

/**
 * Starts a proxy before a server.
 *
 * @param url - Of the server, such as that of a {@link TestServer}.
 * @throws {@link InvalidOptionError} when the URL has no host, or no port and none is usual.
 *
 * @example
 * await using server = await startServer('postgres')
 * await using proxy = await startTcpProxy(server.url)
 * const client = new pg.Client(proxy.url)
 */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const proxy = new FaultProxy(url, addressOf(url))
  await proxy.open()
  return proxy
}

class FaultProxy implements TcpProxy {
  readonly #url: string
  readonly #target: ServerAddress
  readonly #conditions: Record<TcpDirection, LaneConditions> = {
    requests: { ...UNDISTURBED },
    replies: { ...UNDISTURBED },
  }
  readonly #timers = new TimerQueue(systemRuntime, { keepAlive: false })
  readonly #watch = new RequestWatch()
  readonly #connections = new ConnectionList()
  #port = 0
  /** How new connections end; null: they do not. */
  #newConnectionsEnd: ConnectionEnd | null = null
  #listening: Promise<Server> | null = null
  #closing: Promise<void> | undefined

  constructor(url: string, target: ServerAddress) {
    this.#url = url
    this.#target = target
  }

  get url(): string {
    return urlThrough(this.#url, this.#port)
  }

  get port(): number {
    return this.#port
  }

  get openConnections(): number {
    return this.#connections.size
  }

  get acceptedConnections(): number {
    return this.#connections.accepted
  }

  delay(delay: Duration, direction?: TcpDirection): void {
    this.#change({ delayMs: durationMs(delay, 'delay') }, direction)
  }

  limitRate(bytesPerSecond: number, direction?: TcpDirection): void {
    if (!(bytesPerSecond > 0)) {
      throw new InvalidOptionError(`limitRate: bytesPerSecond is ${bytesPerSecond}; it must be above 0`)
    }
    this.#change({ bytesPerSecond }, direction)
  }

  freeze(direction?: TcpDirection): void {
    this.#change({ flow: 'hold' }, direction)
  }

  thaw(direction?: TcpDirection): void {
    this.#change({ flow: 'pass' }, direction)
  }

  swallow(direction?: TcpDirection): void {
    this.#change({ flow: 'swallow' }, direction)
  }

  async refuse(how: 'closed-port' | ConnectionEnd = 'closed-port'): Promise<void> {
    if (how !== 'closed-port') {
      this.#newConnectionsEnd = how
      return this.open()
    }
    const listening = this.#listening
    this.#listening = null
    await listening?.then((server) => server.close())
  }

  cut(ends: ConnectionEnds = {}): void {
    this.#connections.forEach((connection) => connection.cut(ends))
  }

  loseRequest(request: BytesMatch = anything): Promise<void> {
    return this.#watch.next({ match: request, isFault: true }, (connection) => connection.cut({}))
  }

  loseReply({ request = anything, reply = anything, client = 'reset' }: LoseReplyOptions = {}): Promise<void> {
    return this.#watch.next({ match: request, isFault: true }, (connection) => connection.loseReply(reply, client))
  }

  async heal(): Promise<void> {
    this.#watch.cancelFaults(
      new TcpProxyError(`The proxy before port ${this.#target.port} was healed before the request had come`),
    )
    this.#newConnectionsEnd = null
    this.#change(UNDISTURBED)
    await this.open()
  }

  connection(count: number = this.acceptedConnections + 1): Promise<void> {
    return this.#connections.until(() => this.acceptedConnections >= count)
  }

  idle(): Promise<void> {
    return this.#connections.until(() => this.openConnections === 0)
  }

  nextRequest(match: BytesMatch = anything): Promise<Buffer> {
    return this.#watch.next({ match, isFault: false }, (_, request) => request)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Listens, always on the same port; no more once it is closed. */
  async open(): Promise<void> {
    if (this.#closing === undefined) await (this.#listening ??= this.#listen())
  }

  #listen(): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
      server.once('error', reject)
      server.listen(this.#port, HOST, () => {
        this.#port = (server.address() as AddressInfo).port
        resolve(server)
      })
    })
  }

  #accept(client: Socket): void {
    const server = new Socket({ allowHalfOpen: true })
    const connection = new ProxiedConnection({
      client,
      server,
      conditions: this.#conditions,
      timers: this.#timers,
      onRequest: (from, chunk) => this.#watch.see(from, chunk),
    })
    if (this.#newConnectionsEnd === null) server.connect(this.#target)
    else connection.cut({ client: this.#newConnectionsEnd })
    this.#connections.add(connection)
  }

  #change(conditions: Partial<LaneConditions>, direction?: TcpDirection): void {
    const directions: readonly TcpDirection[] = direction === undefined ? ['requests', 'replies'] : [direction]
    for (const each of directions) Object.assign(this.#conditions[each], conditions)
    this.#connections.forEach((connection) => connection.pump())
  }

  async #close(): Promise<void> {
    const error = new TcpProxyError(`The proxy before port ${this.#target.port} was closed`)
    this.#watch.end(error)
    await this.refuse().catch(() => undefined) // it may have failed to listen
    await this.#connections.end(error)
    this.#timers.close()
  }
}

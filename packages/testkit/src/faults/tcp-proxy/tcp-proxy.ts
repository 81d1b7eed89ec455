import type { Duration } from '@escapement/base'
import type { BytesMatch } from './bytes-match.ts'
import type { ConnectionEnd, ConnectionEnds } from './proxied-connection.ts'

/** What clients send, or what the server sends. */
export type TcpDirection = 'requests' | 'replies'

/** Options of {@link TcpProxy.loseReply}. */
export interface LoseReplyOptions {
  /** The request whose reply is lost. Default: the next bytes from any client. */
  readonly request?: BytesMatch
  /**
   * What the server has sent when it has answered, seen from the first byte after the request. Default: anything, which is
   * right for PostgreSQL, MySQL and Redis; for HTTP/2 (etcd) give {@link isHttp2Reply}.
   */
  readonly reply?: BytesMatch
  /** What the client sees of the end of its connection. Default `reset`. */
  readonly client?: ConnectionEnd
}

/**
 * A proxy on 127.0.0.1 before one server, which disturbs what passes on demand. It reads no protocol: a *request* is what a
 * client sends until the server sends something. Until it is told otherwise it passes everything.
 *
 * TCP never leaves a gap in a stream: a direction of a connection that has lost bytes delivers nothing more, healed or not.
 */
export interface TcpProxy extends AsyncDisposable {
  /** The URL of the server, with the proxy's host and port. */
  readonly url: string
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** How many connections are open on at least one side. */
  readonly openConnections: number
  /** How many connections clients have made so far; those that were cut at once count, those that were refused do not. */
  readonly acceptedConnections: number

  /**
   * From now on keeps each chunk back for `delay`, in order. Also what has come and not been passed on.
   *
   * @param direction - Default both.
   */
  delay(delay: Duration, direction?: TcpDirection): void
  /**
   * From now on passes at most so many bytes a second on each connection.
   *
   * @param direction - Default both, each with that limit.
   */
  limitRate(bytesPerSecond: number, direction?: TcpDirection): void
  /**
   * From now on passes nothing: what is sent arrives after {@link thaw}, as with a stopped process.
   *
   * @param direction - Default both.
   */
  freeze(direction?: TcpDirection): void
  /**
   * Passes again what was frozen or, on connections that have lost nothing, swallowed.
   *
   * @param direction - Default both.
   */
  thaw(direction?: TcpDirection): void
  /**
   * From now on throws away what is sent, the ends of connections included; connections stay open.
   *
   * @param direction - Default both.
   */
  swallow(direction?: TcpDirection): void
  /**
   * From now on turns new connections away. Those that are open stay.
   *
   * @param how - `closed-port` (the default): nothing listens, so that they are refused; else they are accepted and end at
   * once as it says, unseen by the server: `silence` is a server whose process is stopped.
   */
  refuse(how?: 'closed-port' | ConnectionEnd): Promise<void>
  /**
   * Ends all open connections, and lets each side see its end of it: with `silence` on one side they are half-open, and
   * that side has a peer that is gone without a word.
   */
  cut(ends?: ConnectionEnds): void
  /**
   * Cuts the connection of the next request that matches instead of handing it over.
   *
   * @param request - Default: the next bytes from any client.
   * @returns Resolves when that has happened.
   * @throws {@link TcpProxyError} when the proxy is healed or closed before.
   */
  loseRequest(request?: BytesMatch): Promise<void>
  /**
   * Hands over the next request that matches, lets the server act and answer, swallows its answer and cuts the connection.
   *
   * @returns Resolves when the server has acted, has answered, and has closed its side.
   * @throws {@link TcpProxyError} when the connection ends before, or the proxy is healed or closed before.
   *
   * @example
   * const lost = proxy.loseReply({ request: 'INSERT' })
   * await assert.rejects(client.query('INSERT INTO cities VALUES (1)'))
   * await lost // the row is there
   */
  loseReply(options?: LoseReplyOptions): Promise<void>
  /** Disturbs no more: passes everything at once, accepts connections, drops faults whose requests have not come. */
  heal(): Promise<void>

  /**
   * Resolves once clients have made `count` connections in all, at once if they have.
   *
   * @param count - Default: one more than now.
   * @throws {@link TcpProxyError} when the proxy is closed before.
   */
  connection(count?: number): Promise<void>
  /**
   * Resolves once no connection is open, at once if none is.
   *
   * @throws {@link TcpProxyError} when the proxy is closed before.
   */
  idle(): Promise<void>
  /**
   * Resolves with the next request that matches, as far as it has come, when that is handed to the server. Nothing that the
   * server answers has passed by then.
   *
   * @param match - Default: the next bytes from any client.
   * @throws {@link TcpProxyError} when the proxy is closed before.
   */
  nextRequest(match?: BytesMatch): Promise<Buffer>

  /** Ends all connections and stops listening. Idempotent. */
  close(): Promise<void>
}

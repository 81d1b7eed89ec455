import { EscapementError } from '@escapement/base'

/** What was waited for at a TCP proxy does not come: the proxy was closed or healed, or the connection ended before. */
export class TcpProxyError extends EscapementError {
  override readonly name: string = 'TcpProxyError'
  readonly code = 'ERR_TCP_PROXY'
  readonly retryable = false
}

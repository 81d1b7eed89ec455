import { EscapementError } from '@escapement/base'

/** A test server cannot be had on this machine; the message says what to install or set. */
export class ServerUnavailableError extends EscapementError {
  override readonly name: string = 'ServerUnavailableError'
  readonly code = 'ERR_SERVER_UNAVAILABLE'
  readonly retryable = false
}

import { EscapementError } from '@escapement/base'

/** Someone cancelled the execution; the reason of the handler's abort signal. */
export class CancelledError extends EscapementError {
  override readonly name: string = 'CancelledError'
  readonly code = 'ERR_CANCELLED'
  readonly retryable = false
}

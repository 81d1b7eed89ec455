import { EscapementError } from '@escapement/base'

/** The instance is stopping and its grace period has ended; the reason of the handler's abort signal. */
export class StoppingError extends EscapementError {
  override readonly name: string = 'StoppingError'
  readonly code = 'ERR_STOPPING'
  readonly retryable = false
}

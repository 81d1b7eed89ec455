import { EscapementError } from '@escapement/base'

/** Thrown by a handler: the attempt failed and another one would fail as well, so none is made. */
export class NonRetryableError extends EscapementError {
  override readonly name: string = 'NonRetryableError'
  readonly code = 'ERR_NON_RETRYABLE'
  readonly retryable = false
}

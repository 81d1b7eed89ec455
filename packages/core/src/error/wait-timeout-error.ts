import { EscapementError } from '@escapement/base'

/** The execution had not settled when the time allowed for waiting was over; it goes on. */
export class WaitTimeoutError extends EscapementError {
  override readonly name: string = 'WaitTimeoutError'
  readonly code = 'ERR_WAIT_TIMEOUT'
  readonly retryable = true
}

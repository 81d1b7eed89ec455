import { EscapementError } from '@escapement/base'

/** The lock server did not answer, so ownership is unknown: treat the key as not held. */
export class LockUnavailableError extends EscapementError {
  override readonly name: string = 'LockUnavailableError'
  readonly code = 'ERR_LOCK_UNAVAILABLE'
  readonly retryable = true
}

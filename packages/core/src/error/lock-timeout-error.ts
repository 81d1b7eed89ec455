import { EscapementError } from '@escapement/base'

/** Another owner held the key for all of the time that was allowed for waiting. */
export class LockTimeoutError extends EscapementError {
  override readonly name: string = 'LockTimeoutError'
  readonly code = 'ERR_LOCK_TIMEOUT'
  readonly retryable = true
}

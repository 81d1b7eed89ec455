import { EscapementError } from '@escapement/base'

/** The attempt ran longer than the job's timeout; the reason of the handler's abort signal. */
export class AttemptTimeoutError extends EscapementError {
  override readonly name: string = 'AttemptTimeoutError'
  readonly code = 'ERR_ATTEMPT_TIMEOUT'
  readonly retryable = false
}

import { EscapementError } from '@escapement/base'

/** No job has this name. The message names the nearest one that exists. */
export class UnknownJobError extends EscapementError {
  override readonly name: string = 'UnknownJobError'
  readonly code = 'ERR_UNKNOWN_JOB'
  readonly retryable = false
}

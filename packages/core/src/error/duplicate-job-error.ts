import { EscapementError } from '@escapement/base'

/** Two jobs of one scheduler have the same name. */
export class DuplicateJobError extends EscapementError {
  override readonly name: string = 'DuplicateJobError'
  readonly code = 'ERR_DUPLICATE_JOB'
  readonly retryable = false
}

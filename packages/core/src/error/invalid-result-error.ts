import { EscapementError } from '@escapement/base'

/** A handler returned what cannot be stored: not JSON, or larger than 1 MB. */
export class InvalidResultError extends EscapementError {
  override readonly name: string = 'InvalidResultError'
  readonly code = 'ERR_INVALID_RESULT'
  readonly retryable = false
}

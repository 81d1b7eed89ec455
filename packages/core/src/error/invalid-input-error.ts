import { EscapementError } from '@escapement/base'

/** A payload does not fit the input schema of its job; nothing was enqueued. The message lists the issues with their paths. */
export class InvalidInputError extends EscapementError {
  override readonly name: string = 'InvalidInputError'
  readonly code = 'ERR_INVALID_INPUT'
  readonly retryable = false
}

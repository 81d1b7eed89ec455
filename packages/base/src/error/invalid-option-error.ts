import { EscapementError } from './escapement-error.ts'

/** An option or argument is not acceptable; nothing has been changed. The message names it, its value and the way out. */
export class InvalidOptionError extends EscapementError {
  override readonly name: string = 'InvalidOptionError'
  readonly code = 'ERR_INVALID_OPTION'
  readonly retryable = false
}

import { EscapementError } from '@escapement/base'

/** The store, lock or platform cannot do what was asked; nothing was changed. The message says what can. */
export class UnsupportedError extends EscapementError {
  override readonly name: string = 'UnsupportedError'
  readonly code = 'ERR_UNSUPPORTED'
  readonly retryable = false
}

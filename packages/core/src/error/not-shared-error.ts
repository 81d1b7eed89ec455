import { EscapementError } from '@escapement/base'

/** In lock-only mode instances share no store, and this would need one; nothing was changed. */
export class NotSharedError extends EscapementError {
  override readonly name: string = 'NotSharedError'
  readonly code = 'ERR_NOT_SHARED'
  readonly retryable = false
}

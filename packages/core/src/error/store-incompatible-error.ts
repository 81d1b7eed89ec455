import { EscapementError } from '@escapement/base'

/** The store cannot be used as it is: its schema is too new, or missing where migrating is not allowed. Nothing was changed. */
export class StoreIncompatibleError extends EscapementError {
  override readonly name: string = 'StoreIncompatibleError'
  readonly code = 'ERR_STORE_INCOMPATIBLE'
  readonly retryable = false
}

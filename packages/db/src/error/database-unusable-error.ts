import { EscapementError } from '@escapement/base'

/** The database cannot be used as it is: absent, closed, damaged, too old, or without a right that is needed. Trying again does not help. */
export class DatabaseUnusableError extends EscapementError {
  override readonly name: string = 'DatabaseUnusableError'
  readonly code = 'ERR_DATABASE_UNUSABLE'
  readonly retryable = false
}

import { EscapementError } from '@escapement/base'

/** The database cannot be used as it is: it is absent, read-only, closed, damaged, or no database. Trying again does not help. */
export class DatabaseUnusableError extends EscapementError {
  override readonly name: string = 'DatabaseUnusableError'
  readonly code = 'ERR_DATABASE_UNUSABLE'
  readonly retryable = false
}

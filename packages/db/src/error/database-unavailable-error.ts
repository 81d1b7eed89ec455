import { EscapementError } from '@escapement/base'

/** The database is locked by another process, out of space, or failed to read or write. Nothing was changed; a later call may succeed. */
export class DatabaseUnavailableError extends EscapementError {
  override readonly name: string = 'DatabaseUnavailableError'
  readonly code = 'ERR_DATABASE_UNAVAILABLE'
  readonly retryable = true
}

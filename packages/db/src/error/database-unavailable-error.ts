import { EscapementError } from '@escapement/base'

/**
 * The database cannot be used for now: it is locked by another process, out of space or connections, starting, stopping,
 * read-only after a failover, or not to be reached. A later call may succeed. Nothing was changed, except that after a
 * connection to a server was lost, or an answer was late, it is unknown whether the statement was done: the message says so.
 */
export class DatabaseUnavailableError extends EscapementError {
  override readonly name: string = 'DatabaseUnavailableError'
  readonly code = 'ERR_DATABASE_UNAVAILABLE'
  readonly retryable = true
}

import { EscapementError } from '@escapement/base'

/**
 * Another transaction was in the way: a deadlock, a serialization failure, or a lock that was not granted in time. The
 * server has undone the whole transaction; nothing was changed, and the same work may succeed when it is done again.
 */
export class DatabaseConflictError extends EscapementError {
  override readonly name: string = 'DatabaseConflictError'
  readonly code = 'ERR_DATABASE_CONFLICT'
  readonly retryable = true
}

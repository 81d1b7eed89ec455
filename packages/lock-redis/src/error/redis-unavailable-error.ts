import { EscapementError } from '@escapement/base'

/**
 * Redis cannot be used for now: not to be reached, loading, out of memory, or a replica that only reads. A later call may
 * succeed. After a connection was lost it is unknown whether a command was done. The cause of a `LockUnavailableError`.
 */
export class RedisUnavailableError extends EscapementError {
  override readonly name: string = 'RedisUnavailableError'
  readonly code = 'ERR_REDIS_UNAVAILABLE'
  readonly retryable = true
}

import { EscapementError } from '@escapement/base'

/**
 * Redis cannot be used as it is: wrong credentials, a right that is missing, a server that is too old, a closed client,
 * or one that does not know a Cluster. Trying again does not help. The cause of a `LockUnavailableError`.
 */
export class RedisUnusableError extends EscapementError {
  override readonly name: string = 'RedisUnusableError'
  readonly code = 'ERR_REDIS_UNUSABLE'
  readonly retryable = false
}

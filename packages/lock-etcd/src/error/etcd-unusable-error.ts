import { EscapementError } from '@escapement/base'

/**
 * etcd cannot be used as it is: wrong credentials, a right that is missing, a server that is too old, or a closed client.
 * Trying again does not help. The cause of a `LockUnavailableError`.
 */
export class EtcdUnusableError extends EscapementError {
  override readonly name: string = 'EtcdUnusableError'
  readonly code = 'ERR_ETCD_UNUSABLE'
  readonly retryable = false
}

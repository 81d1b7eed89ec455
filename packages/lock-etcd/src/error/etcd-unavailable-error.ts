import { EscapementError } from '@escapement/base'

/**
 * etcd cannot be used for now: not to be reached, without a leader, or without space. A later call may succeed. It is unknown
 * whether what was asked was done. The cause of a `LockUnavailableError`.
 */
export class EtcdUnavailableError extends EscapementError {
  override readonly name: string = 'EtcdUnavailableError'
  readonly code = 'ERR_ETCD_UNAVAILABLE'
  readonly retryable = true
}

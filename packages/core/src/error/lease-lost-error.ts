import { EscapementError } from '@escapement/base'

/** The lease has ended or cannot be relied on any more: stop writing, someone else may own the work. */
export class LeaseLostError extends EscapementError {
  override readonly name: string = 'LeaseLostError'
  readonly code = 'ERR_LEASE_LOST'
  readonly retryable = false
}

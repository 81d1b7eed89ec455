import { EscapementError } from '@escapement/base'

/** No execution has this id: it never existed, was purged, or was folded into a span. */
export class UnknownExecutionError extends EscapementError {
  override readonly name: string = 'UnknownExecutionError'
  readonly code = 'ERR_UNKNOWN_EXECUTION'
  readonly retryable = false
}

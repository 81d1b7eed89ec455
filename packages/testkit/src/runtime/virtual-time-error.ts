import { EscapementError } from '@escapement/base'

/** Virtual time cannot go on as asked: what is waited for does not come, or two callers move the time at once. */
export class VirtualTimeError extends EscapementError {
  override readonly name: string = 'VirtualTimeError'
  readonly code = 'ERR_VIRTUAL_TIME'
  readonly retryable = false
}

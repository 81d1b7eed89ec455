import { EscapementError } from '@escapement/base'

/** The store did not answer, is busy, or is away: what was asked may or may not have happened; asking again is safe. */
export class StoreUnavailableError extends EscapementError {
  override readonly name: string = 'StoreUnavailableError'
  readonly code = 'ERR_STORE_UNAVAILABLE'
  readonly retryable = true
}

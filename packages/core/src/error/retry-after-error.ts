import { type Duration, durationMs, EscapementError } from '@escapement/base'

/** Thrown by a handler: the attempt failed and the next one should wait this long, whatever the job's backoff says. */
export class RetryAfterError extends EscapementError {
  override readonly name: string = 'RetryAfterError'
  readonly code = 'ERR_RETRY_AFTER'
  readonly retryable = true
  /** Milliseconds until the next attempt. */
  readonly delayMs: number

  /** @throws {@link InvalidOptionError} when `delay` is not a duration. */
  constructor(delay: Duration, message?: string, options?: ErrorOptions) {
    const delayMs = durationMs(delay, 'RetryAfterError delay')
    super(message ?? `retry after ${delayMs} ms`, options)
    this.delayMs = delayMs
  }
}

import { EscapementError, type Runtime } from '@escapement/base'

/** First pause between two tries, milliseconds; doubles up to the longest. */
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2_000

/** How long to go on. */
export interface StoreCallLimits {
  /** No further try is begun after this many milliseconds. Default: for ever, until the signal. */
  readonly forMs?: number
  readonly signal?: AbortSignal
  /** Told of each failed try that will be repeated. */
  readonly onRetry?: (error: unknown) => void
}

/**
 * Calls the store, again and again while it fails with a retryable error. Only for calls that are safe to repeat, which
 * all of the port are: the ids, tokens and fences that they carry make a second one change nothing.
 */
export async function callStore<T>(runtime: Runtime, call: () => Promise<T>, limits: StoreCallLimits = {}): Promise<T> {
  const startedAt = runtime.monotonic()
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await call()
    } catch (error) {
      const isRepeatable = EscapementError.is(error) && error.retryable && limits.signal?.aborted !== true
      const spentMs = runtime.monotonic() - startedAt
      if (!isRepeatable || spentMs + pauseMs > (limits.forMs ?? Number.POSITIVE_INFINITY)) throw error
      limits.onRetry?.(error)
      await runtime.sleep(pauseMs * (0.5 + runtime.random() / 2), limits.signal).catch(() => undefined)
    }
  }
}

/** The longest that one request to the server may stay unanswered before it is repeated, milliseconds. */
const LONGEST_ANSWER_MS = 5_000

/**
 * How long an answer that is about no lease is awaited, milliseconds: a tick whose register is asked for twice is still
 * punctual (rule 11).
 */
export const REGISTER_ANSWER_MS = 2_000

/**
 * How long before its computed end a lease is no longer relied on: room for timers that fire late and for clocks whose
 * rates differ. A twentieth of the ttl, between 10 ms and 1 s.
 */
export function safetyMarginMs(ttlMs: number): number {
  return Math.min(1_000, Math.max(10, ttlMs / 20))
}

/** How long an answer about a lease of `ttlMs` is awaited before the request is repeated: leaves time for more tries. */
export function answerLimitMs(ttlMs: number): number {
  return Math.min(LONGEST_ANSWER_MS, ttlMs / 6)
}

/**
 * The monotonic instant of the next renewal: a third of the ttl from `now`, brought forward by up to a twelfth to an
 * instant that leases of the same ttl share, so that they travel in one request.
 */
export function nextRenewalAt(now: number, ttlMs: number): number {
  const gridMs = ttlMs / 12
  return Math.floor((now + ttlMs / 3) / gridMs) * gridMs
}

/** How long after a failed renewal the next one is tried. `random` is uniform in [0, 1). */
export function renewalBackoffMs(ttlMs: number, random: number): number {
  return (ttlMs / 20) * (0.5 + random)
}

/** How long to wait before the server is asked again after its `failures`th failure in a row. */
export function requestBackoffMs(failures: number, random: number): number {
  return Math.min(1_000, 25 * 2 ** failures) * (0.5 + random)
}

/** Rule 23: where nothing can wake a waiter it asks again after 10 ms, with jitter, and when the lease can have ended. */
export function pollMs(heldForMs: number | null, random: number): number {
  const delayMs = 10 * (0.75 + random / 2)
  return heldForMs === null ? delayMs : Math.min(delayMs, heldForMs + 1)
}

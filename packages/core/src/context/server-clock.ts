import type { Runtime } from '@escapement/base'

/** A sample is replaced by a newer one, even a worse one, after this long. Milliseconds. */
const SAMPLE_LIFE_MS = 30_000
/** A server clock that differs this much from what was expected has stepped. Milliseconds (rule 9). */
const STEP_MS = 1_000

/**
 * The server's clock as estimated from its replies: the sample with the least round trip of the last 30 s, carried on
 * by this machine's monotonic clock, so that a host's stepping wall clock changes nothing (after Cristian, "Probabilistic
 * clock synchronization", 1989).
 */
export class ServerClock {
  readonly #runtime: Runtime
  #serverAt = 0
  #monotonicAt = 0
  #roundTripMs = Number.POSITIVE_INFINITY
  #lastStep: { readonly at: number; readonly ms: number } | null = null

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Whether any reply has been seen. */
  get isKnown(): boolean {
    return this.#roundTripMs !== Number.POSITIVE_INFINITY
  }

  /** The last time the server's clock stepped by more than a second: when (its clock) and by how much; null: never. */
  get lastStep(): { readonly at: number; readonly ms: number } | null {
    return this.#lastStep
  }

  /** Unix milliseconds on the server's clock; this machine's before the first reply. */
  now(): number {
    if (!this.isKnown) return this.#runtime.now()
    return Math.floor(this.#serverAt + (this.#runtime.monotonic() - this.#monotonicAt)) // an instant that was reached
  }

  /**
   * An instant that the server's clock has certainly reached: what a reply said, and the time since it came. Unix
   * milliseconds; behind `now` by half a round trip. This machine's clock before the first reply.
   */
  reached(): number {
    if (!this.isKnown) return this.#runtime.now()
    const sinceMs = this.#runtime.monotonic() - this.#monotonicAt
    return Math.floor(this.#serverAt - this.#roundTripMs / 2 + sinceMs)
  }

  /** Server clock minus this machine's wall clock, milliseconds; null before the first reply. */
  offsetMs(): number | null {
    return this.isKnown ? this.now() - this.#runtime.now() : null
  }

  /**
   * Learns from a reply.
   *
   * @param serverNow - What the server said, Unix milliseconds.
   * @param sentAt - When the request was sent, on this machine's monotonic clock.
   */
  observe(serverNow: number, sentAt: number): void {
    const receivedAt = this.#runtime.monotonic()
    const roundTripMs = receivedAt - sentAt
    const expected = this.#serverAt + (receivedAt - this.#monotonicAt)
    const hasStepped = this.isKnown && Math.abs(serverNow - expected) > STEP_MS + roundTripMs + this.#roundTripMs
    if (hasStepped) this.#lastStep = { at: serverNow, ms: Math.round(serverNow - expected) }
    const isOld = receivedAt - this.#monotonicAt > SAMPLE_LIFE_MS
    if (!hasStepped && !isOld && roundTripMs > this.#roundTripMs) return
    this.#serverAt = serverNow + roundTripMs / 2
    this.#monotonicAt = receivedAt
    this.#roundTripMs = roundTripMs
  }
}

/**
 * Ends one call from outside, as an `AbortController` would at several times the price. A call takes one step after
 * another, so that it needs one listener only.
 */
export class CallStop {
  #reason: unknown
  #isStopped = false
  #onStop: ((reason: unknown) => void) | undefined

  /** Only the first reason counts. */
  stop(reason: unknown): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#reason = reason
    this.#onStop?.(reason)
  }

  /** Calls `listener` when the call is stopped, at once if it is already; it takes the place of that of the last step. */
  listen(listener: (reason: unknown) => void): void {
    this.#onStop = listener
    if (this.#isStopped) listener(this.#reason)
  }

  /** @throws The reason, when the call is stopped. */
  throwIfStopped(): void {
    if (this.#isStopped) throw this.#reason
  }
}

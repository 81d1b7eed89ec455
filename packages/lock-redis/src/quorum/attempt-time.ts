import type { Runtime } from '@escapement/base'

/**
 * What took longer proves nothing: a server that has lost its data is taught what the others know no sooner than this is over
 * for all that had begun before. Milliseconds.
 */
const TRUSTED_FOR_MS = 5_000

/** How long after it was first seen empty a server may be taught: longer than any attempt is trusted, whatever the rate of its clock. */
export const SETTLED_AFTER_MS: number = TRUSTED_FOR_MS + 1_000

/** The time that one attempt at several servers has. */
export class AttemptTime {
  readonly #runtime: Runtime
  readonly #limitMs: number
  readonly #monotonic: number
  readonly #wall: number

  /** @param limitMs - By when servers must have answered, milliseconds from now. */
  constructor(runtime: Runtime, limitMs: number) {
    this.#runtime = runtime
    this.#limitMs = limitMs
    this.#monotonic = runtime.monotonic()
    this.#wall = runtime.now()
  }

  /** For how long an answer may be awaited still, milliseconds. */
  leftMs(): number {
    return Math.max(0, this.#limitMs - (this.#runtime.monotonic() - this.#monotonic))
  }

  /** For how long one of `count` servers that are asked one after the other may be awaited, milliseconds. */
  shareMs(count: number): number {
    return Math.min(this.leftMs(), this.#limitMs / count)
  }

  /** Whether what was granted for `ttlMs` in this attempt holds still. */
  isTrusted(ttlMs: number = Number.POSITIVE_INFINITY): boolean {
    const elapsedMs = Math.max(this.#runtime.monotonic() - this.#monotonic, this.#runtime.now() - this.#wall)
    return elapsedMs < Math.min(ttlMs, TRUSTED_FOR_MS)
  }
}

import type { Runtime } from '@escapement/base'

/**
 * Elapsed time that is never too short: the greater of what the monotonic and the wall clock say. The monotonic clock
 * stands still while a machine sleeps (clock_gettime(2), CLOCK_MONOTONIC), the wall clock may be set back.
 */
export class Stopwatch {
  readonly #runtime: Runtime
  readonly #monotonic: number
  readonly #wall: number

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#monotonic = runtime.monotonic()
    this.#wall = runtime.now()
  }

  /** Milliseconds since the stopwatch was made. */
  elapsedMs(): number {
    return Math.max(this.#runtime.monotonic() - this.#monotonic, this.#runtime.now() - this.#wall)
  }
}

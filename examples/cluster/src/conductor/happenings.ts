import type { LogEntry } from './instance-process.ts'

/** Something that an instance has told. */
export interface Happening {
  readonly instance: string
  readonly entry: LogEntry
}

/** Nothing that the example waits for takes longer, on a slow machine either. Milliseconds. */
const LONGEST_WAIT_MS = 60_000

/** Passes on what the instances tell, to those who wait for it. */
export class Happenings {
  readonly #listeners = new Set<(happening: Happening) => void>()
  readonly #signal: AbortSignal

  /** @param signal - Ends all waiting. */
  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  tell(happening: Happening): void {
    for (const listener of this.#listeners) listener(happening)
  }

  /** Calls `listener` with everything that is told from now on. */
  listen(listener: (happening: Happening) => void): void {
    this.#listeners.add(listener)
  }

  /**
   * The first that fits, of those to come.
   *
   * @throws Error that says what did not happen; the signal's reason once it has fired.
   */
  async first(what: string, fits: (happening: Happening) => boolean): Promise<Happening> {
    const found = Promise.withResolvers<Happening>()
    const listener = (happening: Happening): void => void (fits(happening) && found.resolve(happening))
    const onStop = (): void => found.reject(this.#signal.reason as Error)
    const tooLate = setTimeout(
      () => found.reject(new Error(`${what}: that did not happen within ${LONGEST_WAIT_MS / 1_000} s`)),
      LONGEST_WAIT_MS,
    )
    this.#listeners.add(listener)
    this.#signal.addEventListener('abort', onStop)
    if (this.#signal.aborted) onStop()
    try {
      return await found.promise
    } finally {
      this.#listeners.delete(listener)
      this.#signal.removeEventListener('abort', onStop)
      clearTimeout(tooLate)
    }
  }
}

/** Whether it is this event of this job. */
export function isEvent({ entry }: Happening, message: string, job: string): boolean {
  return entry.message === message && entry['job'] === job
}

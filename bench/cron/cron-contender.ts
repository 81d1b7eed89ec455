/** A library that computes ticks. */
export interface CronContender {
  readonly name: string
  /** Reads a pattern; null when it does not know the syntax. */
  open(pattern: string, timezone: string): CronQuestions | null
}

/** What is asked of a pattern that was read; all in Unix milliseconds, null: it cannot be asked this. */
export interface CronQuestions {
  /** The next ticks, `count` of them, one after the other from `from` on. */
  readonly walk: ((from: number, count: number) => void) | null
  /** The next tick after any instant. */
  readonly next: ((after: number) => number | null) | null
  /** The last tick before any instant. */
  readonly previous: ((before: number) => number | null) | null
  /** The next ticks from now on, where it knows no other beginning. */
  readonly coming?: (count: number) => number[]
}

/** Schedulers plan no further, and some peers have no dates there. */
const LAST = Date.UTC(2060, 0)

/** Walks by asking for the tick after the last one, and begins anew where there are no more. */
export function walkBy(next: (after: number) => number | null): (from: number, count: number) => void {
  return (from, count) => {
    let at = from
    for (let index = 0; index < count; index++) {
      const tick = next(at)
      at = tick === null || tick > LAST ? from : tick
    }
  }
}

/** What a pattern says that the library refuses. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The wall clock of a zone, asked of Intl anew each time: slow, and nothing to be mistaken about. */
export class WallClock {
  readonly name: string
  readonly #format: Intl.DateTimeFormat

  constructor(name: string) {
    this.name = name
    this.#format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
  }

  /** What the wall clock shows, as the Unix milliseconds at which a clock in UTC shows the same. */
  wallAt(instant: number): number {
    return Date.parse(`${this.#format.format(instant).replace(' ', 'T')}Z`)
  }

  offsetAt(instant: number): number {
    return this.wallAt(instant) - instant
  }

  /** The first instant of (low, high] at which the offset is no longer that of `low`; the two must differ. */
  changeIn(low: number, high: number): number {
    const before = this.offsetAt(low)
    let [from, until] = [low, high]
    while (until - from > 1_000) {
      const middle = Math.floor((from + until) / 2_000) * 1_000
      if (this.offsetAt(middle) === before) from = middle
      else until = middle
    }
    return until
  }

  /**
   * What matters of the clock between two instants: looked at every 15 minutes, changes found to the second.
   *
   * @param everyMs - Other than 15 minutes to look less closely.
   */
  changes(from: number, until: number, everyMs: number = 15 * MINUTE_MS): WallChange[] {
    const changes: WallChange[] = []
    let offset = this.offsetAt(from)
    for (let low = from; low < until; low += everyMs) {
      const high = low + everyMs
      const later = this.offsetAt(high)
      if (later !== offset) {
        changes.push({ at: this.changeIn(low, high), before: offset, after: later })
        offset = later
      }
    }
    return changes
  }

  /**
   * The instants at which the wall clock shows a time; none when it leaves it out. By looking at the offsets of the days
   * around it.
   */
  instantsOf(wall: number): number[] {
    const offsets = new Set([-2, -1, 0, 1, 2].map((days) => this.offsetAt(wall + days * DAY_MS)))
    return [...offsets]
      .map((offset) => wall - offset)
      .filter((instant) => this.wallAt(instant) === wall)
      .toSorted((a, b) => a - b)
  }
}

/** A change of a zone's offset; milliseconds. */
export interface WallChange {
  readonly at: number
  readonly before: number
  readonly after: number
}

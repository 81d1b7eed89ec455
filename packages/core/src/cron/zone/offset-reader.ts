import { InvalidOptionError } from '@escapement/base'

/** Tells how far the wall clock of a zone is ahead of UTC. */
export interface OffsetReader {
  readonly name: string
  /** @param instant - Unix seconds. @returns Seconds; exact, also where an offset has seconds of its own. */
  offsetAt(instant: number): number
}

/** Formatters are big, and a zone is read a year at a time: one is kept, that of the zone that was read last. */
let newest: OffsetReader | null = null

/**
 * Reads the offsets of a zone from the tables of this build of Node.
 *
 * @throws {@link InvalidOptionError} when it does not know the zone.
 */
export function offsetReader(name: string): OffsetReader {
  if (newest?.name !== name) newest = readerByIntl(name)
  return newest
}

function readerByIntl(name: string): OffsetReader {
  const format = shortestFormat(name)
  return { name, offsetAt: (instant) => offsetIn(format.format(instant * 1_000)) }
}

/** The offset with as little beside it as possible: without any other part Intl writes the whole date. */
function shortestFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, second: 'numeric', timeZoneName: 'longOffset' })
  } catch (cause) {
    const shown = typeof timeZone === 'string' ? `"${timeZone.slice(0, 40)}"` : `a value of type ${typeof timeZone}`
    throw new InvalidOptionError(`time zone ${shown} is unknown; use an IANA name such as "Europe/Berlin" or "UTC"`, {
      cause,
    })
  }
}

/** Reads the end of `0 GMT-05:00`, `30 GMT-00:44:30` and `0 GMT`. */
function offsetIn(text: string): number {
  const parts = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text)
  if (parts === null) return 0
  const seconds = Number(parts[2]) * 3_600 + Number(parts[3]) * 60 + Number(parts[4] ?? 0)
  return parts[1] === '-' ? -seconds : seconds
}

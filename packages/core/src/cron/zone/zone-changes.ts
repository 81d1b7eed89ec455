import type { OffsetReader } from './offset-reader.ts'

/**
 * No zone changes its offset there and back within less than this: the shortest since 1970 are 6.96 days, in Brazil in
 * 2000 and in Palestine by rules for 2040 and later (tz database 2026c). Other changes in between are found all the same.
 */
const LONGEST_STEP_S = 6 * 86_400

/**
 * The offsets of a zone from one instant to another, found by looking every few days and halving where they differ.
 *
 * @param from - Unix seconds, as `until`.
 * @returns The offset if there is one only; else offsets, and between each two the first instant at which the later one
 *   holds, in rising order.
 */
export function readChanges(reader: OffsetReader, from: number, until: number): number | readonly number[] {
  const first = reader.offsetAt(from)
  const found: number[] = [first]
  const halve = (low: number, offsetLow: number, high: number, offsetHigh: number): void => {
    if (offsetLow === offsetHigh) return
    if (high - low === 1) {
      found.push(high, offsetHigh)
      return
    }
    const middle = low + Math.floor((high - low) / 2)
    const offset = reader.offsetAt(middle)
    halve(low, offsetLow, middle, offset)
    halve(middle, offset, high, offsetHigh)
  }
  for (let low = from, offset = first; low < until; ) {
    const high = Math.min(low + LONGEST_STEP_S, until)
    const offsetHigh = reader.offsetAt(high)
    halve(low, offset, high, offsetHigh)
    low = high
    offset = offsetHigh
  }
  return found.length === 1 ? first : found
}

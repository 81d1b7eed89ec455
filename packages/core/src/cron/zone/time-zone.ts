import { offsetReader } from './offset-reader.ts'
import { readChanges } from './zone-changes.ts'

const DAY_S = 86_400

/**
 * A zone is read in blocks of this length. Each is read two days beyond both its ends (and a second, so that no change of
 * offset falls on the cut: those come on whole minutes), so that a change near any instant of a block stands in it.
 */
const BLOCK_S = 365 * DAY_S
const MARGIN_S = 2 * DAY_S + 1

/** Blocks from 1970 to 2100. Before the first and after the last the offset stays as it is at their ends. */
const BLOCKS = 132

/** How many zones are kept: more than there are, were they not also known by other names and in other cases. */
const MOST_ZONES = 1_024

const zones = new Map<string, TimeZone>()

/**
 * The zone of that name.
 *
 * @throws {@link InvalidOptionError} when this build of Node does not know it.
 */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name)
  if (known !== undefined) return known
  offsetReader(name)
  if (zones.size >= MOST_ZONES) zones.clear()
  const zone = new TimeZone(name)
  zones.set(name, zone)
  return zone
}

/**
 * The wall clock of a zone as a sequence of pieces with one offset each, and a cursor on one of them: questions that are
 * near to each other find the piece at once. Instants and offsets are Unix seconds.
 *
 * Pieces are also cut where a block ends; nothing changes there.
 */
export class TimeZone {
  readonly name: string
  /** The piece: from this instant, until that one, which is no longer part of it. */
  from = 0
  until = 0
  /** How far the wall clock is ahead of UTC in this piece, in the one before it and in the one after it. */
  offset = 0
  offsetBefore = 0
  offsetAfter = 0
  /** Between these the wall clock shows nothing twice and leaves nothing out. */
  steadyFrom = 0
  steadyUntil = 0
  /** An offset where it is the same all through a block; otherwise offsets and, between each two, the instant of change. */
  readonly #blocks: (number | readonly number[] | undefined)[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Moves the cursor to the piece that holds an instant; near the end of a block that may be the piece of the next one. */
  seek(instant: number): void {
    if (instant >= this.steadyFrom && instant < this.steadyUntil) return
    const index = Math.min(Math.max(Math.floor(instant / BLOCK_S), 0), BLOCKS - 1)
    const block = (this.#blocks[index] ??= this.#readBlock(index))
    const isFirst = index === 0
    const isLast = index === BLOCKS - 1
    this.from = isFirst ? Number.NEGATIVE_INFINITY : index * BLOCK_S - MARGIN_S
    this.until = isLast ? Number.POSITIVE_INFINITY : (index + 1) * BLOCK_S + MARGIN_S
    this.steadyFrom = isFirst ? this.from : index * BLOCK_S
    this.steadyUntil = isLast ? this.until : (index + 1) * BLOCK_S
    if (typeof block === 'number') {
      this.offset = this.offsetBefore = this.offsetAfter = block
      return
    }
    let piece = 0
    while (piece + 1 < block.length && (block[piece + 1] as number) <= instant) piece += 2
    this.offset = block[piece] as number
    this.offsetBefore = piece === 0 ? this.offset : (block[piece - 2] as number)
    this.offsetAfter = piece + 1 === block.length ? this.offset : (block[piece + 2] as number)
    if (piece > 0) {
      this.from = block[piece - 1] as number
      this.steadyFrom = this.from + Math.abs(this.offset - this.offsetBefore)
    }
    if (piece + 1 < block.length) {
      this.until = block[piece + 1] as number
      this.steadyUntil = this.until - Math.abs(this.offsetAfter - this.offset)
    }
  }

  #readBlock(index: number): number | readonly number[] {
    const reader = offsetReader(this.name)
    const from = index === 0 ? 0 : index * BLOCK_S - MARGIN_S
    const until = (index + 1) * BLOCK_S + (index === BLOCKS - 1 ? 0 : MARGIN_S)
    return readChanges(reader, from, until)
  }
}

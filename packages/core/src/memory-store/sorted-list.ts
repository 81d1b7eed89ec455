/** Beyond this many items a chunk splits: small enough that moving them is cheap, large enough that chunks are few. */
const MOST_PER_CHUNK = 512

/**
 * A sorted list in chunks, so that inserting and removing anywhere among a million items moves at most one chunk.
 * `compare` must order any two different items strictly.
 */
export class SortedList<T> {
  readonly #chunks: T[][] = []
  readonly #compare: (a: T, b: T) => number
  #size = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    this.#size++
    const last = this.#chunks.at(-1)
    if (last === undefined) {
      this.#chunks.push([item])
      return
    }
    if (this.#compare(last.at(-1) as T, item) < 0) {
      if (last.length < MOST_PER_CHUNK) last.push(item)
      else this.#chunks.push([item]) // a list that grows at its end keeps its chunks full
      return
    }
    const isBefore = (other: T): boolean => this.#compare(other, item) < 0
    const at = this.#chunkAt(isBefore)
    const chunk = this.#chunks[at] as T[]
    chunk.splice(partition(chunk, isBefore), 0, item)
    if (chunk.length > MOST_PER_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(MOST_PER_CHUNK >> 1))
  }

  remove(item: T): void {
    const isBefore = (other: T): boolean => this.#compare(other, item) < 0
    const at = this.#chunkAt(isBefore)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const index = partition(chunk, isBefore)
    if (chunk[index] !== item) return
    this.#size--
    chunk.splice(index, 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** The items from the first for which `isBefore` is false, in rising order. The list must not change meanwhile. */
  *from(isBefore: (item: T) => boolean = () => false): Generator<T> {
    const first = this.#chunkAt(isBefore)
    for (let at = first; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as T[]
      for (let index = at === first ? partition(chunk, isBefore) : 0; index < chunk.length; index++) {
        yield chunk[index] as T
      }
    }
  }

  /** The items from the last for which `isBefore` is true, in falling order. The list must not change meanwhile. */
  *backFrom(isBefore: (item: T) => boolean = () => true): Generator<T> {
    const last = Math.min(this.#chunkAt(isBefore), this.#chunks.length - 1)
    for (let at = last; at >= 0; at--) {
      const chunk = this.#chunks[at] as T[]
      for (let index = (at === last ? partition(chunk, isBefore) : chunk.length) - 1; index >= 0; index--) {
        yield chunk[index] as T
      }
    }
  }

  /** The first item for which `isBefore` is false. */
  firstFrom(isBefore: (item: T) => boolean): T | undefined {
    const chunk = this.#chunks[this.#chunkAt(isBefore)]
    return chunk?.[partition(chunk, isBefore)]
  }

  /** The last item for which `isBefore` is true. */
  lastBefore(isBefore: (item: T) => boolean): T | undefined {
    const at = this.#chunkAt(isBefore)
    const chunk = this.#chunks[at]
    const index = chunk === undefined ? 0 : partition(chunk, isBefore)
    return index > 0 ? chunk?.[index - 1] : this.#chunks[at - 1]?.at(-1)
  }

  /** Index of the first chunk that ends at or behind the place. */
  #chunkAt(isBefore: (item: T) => boolean): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore((this.#chunks[middle] as T[]).at(-1) as T)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** How many items at the front of a sorted chunk are before the place. */
function partition<T>(chunk: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(chunk[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/** The lowest bit of `mask` that is set at or above `from` (0 to 31); -1 when there is none. */
export function lowestBit(mask: number, from: number): number {
  const above = from > 31 ? 0 : mask & (-1 << from)
  return above === 0 ? -1 : 31 - Math.clz32(above & -above)
}

/** The highest bit of `mask` that is set at or below `from` (-1 to 31); -1 when there is none. */
export function highestBit(mask: number, from: number): number {
  return from < 0 ? -1 : 31 - Math.clz32(mask & ((2 << from) - 1))
}

/** A mask of any length holds this many bits in each of its words: small integers need no memory of their own. */
export const WORD_BITS = 30

/** The words of a mask in which the given bits are set. */
export function maskOf(bits: Iterable<number>, length: number): number[] {
  const words = Array.from({ length: Math.ceil(length / WORD_BITS) }, () => 0)
  for (const bit of bits) {
    const word = Math.floor(bit / WORD_BITS)
    words[word] = (words[word] as number) | (1 << (bit % WORD_BITS))
  }
  return words
}

/** As {@link lowestBit}, over the words of a longer mask. */
export function lowestOf(words: readonly number[], from: number): number {
  let offset = Math.max(0, from) % WORD_BITS
  for (let word = Math.floor(Math.max(0, from) / WORD_BITS); word < words.length; word++) {
    const bit = lowestBit(words[word] as number, offset)
    if (bit >= 0) return word * WORD_BITS + bit
    offset = 0
  }
  return -1
}

/** As {@link highestBit}, over the words of a longer mask. */
export function highestOf(words: readonly number[], from: number): number {
  const last = Math.min(from, words.length * WORD_BITS - 1)
  let offset = last % WORD_BITS
  for (let word = Math.floor(last / WORD_BITS); word >= 0; word--) {
    const bit = highestBit(words[word] as number, offset)
    if (bit >= 0) return word * WORD_BITS + bit
    offset = WORD_BITS - 1
  }
  return -1
}

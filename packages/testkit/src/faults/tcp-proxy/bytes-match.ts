/**
 * How bytes on a connection are recognised: by a text that they contain, by a pattern (which sees them as Latin-1), or by
 * a judgement of your own.
 */
export type BytesMatch = string | RegExp | ((bytes: Buffer) => boolean)

/** So many of the last bytes are kept to find what is spread over several chunks. */
const KEPT_BYTES = 65_536

/** Whether `bytes` are what `match` looks for. */
export function isMatch(match: BytesMatch, bytes: Buffer): boolean {
  if (typeof match === 'string') return bytes.includes(match)
  if (typeof match === 'function') return match(bytes)
  return bytes.toString('latin1').search(match) >= 0 // unlike `test`, it starts afresh each time
}

/** The last bytes of something that comes in chunks. */
export class BytesWindow {
  #bytes: Buffer = Buffer.alloc(0)

  /** Adds a chunk; returns all that is known. */
  add(chunk: Buffer): Buffer {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes.subarray(-KEPT_BYTES), chunk])
    return this.#bytes
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0)
  }
}

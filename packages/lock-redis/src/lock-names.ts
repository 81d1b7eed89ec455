import { InvalidOptionError } from '@escapement/base'

const DEFAULT_PREFIX = 'escapement:'
const LONGEST_PREFIX = 128

/**
 * What locks are called at the server: `escapement:{key}:lock`. In a Cluster all names of one key belong together by what
 * stands in braces; those of the key itself are encoded, so that they neither end that part early nor make it empty.
 */
export class LockNames {
  readonly #prefix: string

  /** @throws {@link InvalidOptionError} for a prefix that has braces, which would be taken for the key. */
  constructor(prefix: string = DEFAULT_PREFIX) {
    if (typeof prefix !== 'string' || prefix.length > LONGEST_PREFIX || /[{}\s\0]/.test(prefix)) {
      throw new InvalidOptionError(
        `prefix is ${JSON.stringify(prefix)}; it may have up to ${LONGEST_PREFIX} characters without braces and white space`,
      )
    }
    this.#prefix = prefix
  }

  /** Says that the store has not lost its data. */
  get marker(): string {
    return `${this.#prefix}store`
  }

  /** What one server of a quorum knows. */
  get memory(): string {
    return `${this.#prefix}memory`
  }

  /** All registers of one server of a quorum. */
  get registers(): string {
    return `${this.#prefix}registers`
  }

  /** Also the channel on which its release is told. */
  lock(key: string): string {
    return this.#name(key, 'lock')
  }

  fence(key: string): string {
    return this.#name(key, 'fence')
  }

  register(key: string): string {
    return this.#name(key, 'register')
  }

  #name(key: string, what: string): string {
    return `${this.#prefix}{${key.replace(/[%{}]/g, encodeURIComponent)}}:${what}`
  }
}

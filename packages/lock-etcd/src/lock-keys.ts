import { InvalidOptionError } from '@escapement/base'

const DEFAULT_PREFIX = 'escapement/'

/**
 * Where locks are kept in etcd: each who has or awaits a key has a key of its own there, in the order of their creation.
 * Names are percent-encoded and end in `/`, so that no name is the beginning of another.
 */
export class LockKeys {
  /** Of the number that fences are counted from. */
  readonly epoch: Buffer
  /** Of what is there while nothing is granted. */
  readonly closed: Buffer
  readonly #prefix: string

  /** @throws {@link InvalidOptionError} for a prefix that does not end in `/`. */
  constructor(prefix: string = DEFAULT_PREFIX) {
    if (typeof prefix !== 'string' || !prefix.endsWith('/')) {
      throw new InvalidOptionError(
        `etcd locks: prefix is ${JSON.stringify(prefix)}; it must be a string that ends in "/", such as "${DEFAULT_PREFIX}"`,
      )
    }
    this.#prefix = prefix
    this.epoch = Buffer.from(`${prefix}epoch`)
    this.closed = Buffer.from(`${prefix}closed`)
  }

  /** What the keys of all who have or await `key` begin with. */
  queue(key: string): Buffer {
    return Buffer.from(`${this.#prefix}locks/${encodeURIComponent(key)}/`)
  }

  /** The key that `owner` has in the queue for `key`. */
  place(key: string, owner: string): Buffer {
    return Buffer.from(`${this.#prefix}locks/${encodeURIComponent(key)}/${encodeURIComponent(owner)}`)
  }

  register(key: string): Buffer {
    return Buffer.from(`${this.#prefix}registers/${encodeURIComponent(key)}`)
  }
}

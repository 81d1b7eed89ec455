import { InvalidOptionError } from '@escapement/base'

/** The longest key, in bytes of UTF-8. */
const LONGEST_KEY_BYTES = 512

/**
 * Checks a key. Lone surrogates are refused because UTF-8 would make different keys equal, U+0000 because PostgreSQL
 * cannot store it.
 *
 * @throws {@link InvalidOptionError}
 */
export function checkLockKey(key: string): void {
  if (typeof key !== 'string') throw new InvalidOptionError(`lock key is a ${typeof key}; it must be a string`)
  if (key.length === 0) throw new InvalidOptionError('lock key is empty; it must name what is locked')
  const sizeBytes = Buffer.byteLength(key)
  if (sizeBytes > LONGEST_KEY_BYTES) {
    throw new InvalidOptionError(
      `lock key ${JSON.stringify(key.slice(0, 40))}… has ${sizeBytes} bytes; at most ${LONGEST_KEY_BYTES} are kept, so hash long keys`,
    )
  }
  if (!key.isWellFormed() || key.includes('\0')) {
    throw new InvalidOptionError(
      `lock key ${JSON.stringify(key)} has a lone surrogate or U+0000, which no server can keep; encode it first`,
    )
  }
}

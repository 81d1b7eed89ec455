import { InvalidOptionError } from '@escapement/base'

/**
 * Checks text that is stored as it is, not as part of a JSON text.
 *
 * @throws {@link InvalidOptionError} for text that databases refuse or change: U+0000 cannot be stored in PostgreSQL, and
 *   half of a surrogate pair would be stored as U+FFFD, for which another one stands as well.
 */
export function checkStorable(name: string, text: string): void {
  if (text.includes('\0')) {
    throw new InvalidOptionError(`${name} is ${shown(text)}; it holds the character U+0000: leave it out`)
  }
  if (text.isWellFormed()) return
  throw new InvalidOptionError(
    `${name} is ${shown(text)}; half of a surrogate pair is no Unicode text, and different values would be stored as one: use well-formed text`,
  )
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}

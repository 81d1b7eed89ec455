import { InvalidOptionError } from '@escapement/base'

/** What the names of all tables begin with unless the host says otherwise. */
export const DEFAULT_PREFIX = 'escapement_'

/** Unquoted on every server, and short enough that prefix and name stay within PostgreSQL's 63 bytes. */
const PREFIX = /^[a-z_][a-z0-9_]{0,31}$/

/**
 * Checks a table prefix; what passes can stand in SQL without quotes.
 *
 * @throws {@link InvalidOptionError} when it is not a plain lower-case identifier of at most 32 characters.
 */
export function tablePrefix(prefix: string = DEFAULT_PREFIX): string {
  if (typeof prefix === 'string' && PREFIX.test(prefix)) return prefix
  throw new InvalidOptionError(
    `prefix is ${JSON.stringify(prefix)}; it must be 1 to 32 of a-z, 0-9 and _, not beginning with a digit`,
  )
}

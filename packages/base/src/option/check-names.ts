import { InvalidOptionError } from '../error/invalid-option-error.ts'
import { nearestName } from './nearest-name.ts'

/** Every name that options of a type may have; a field that is added to the type must be added here too. */
export type NamesOf<T> = { readonly [Name in keyof T]-?: true }

/**
 * Refuses options that hold a name which nothing reads: a misspelt option would be an option left out.
 *
 * @param what - Stands at the head of the message, such as `sqliteStore`.
 * @param kind - What a name is called in the message. Default `option`.
 * @throws {@link InvalidOptionError} naming the unknown name and the nearest known one, or what was given instead of
 * an object.
 */
export function checkNames(
  what: string,
  options: unknown,
  names: Readonly<Record<string, true>>,
  kind: string = 'option',
): void {
  const known = Object.keys(names)
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const given = Array.isArray(options) ? 'an array' : options === null ? 'null' : `of type ${typeof options}`
    throw new InvalidOptionError(`${what}: its ${kind}s are ${given}; pass an object with ${known.join(', ')}`)
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    const near = nearestName(name, known)
    const hint = near === null ? `it takes ${known.join(', ')}` : `did you mean "${near}"?`
    throw new InvalidOptionError(`${what} has no ${kind} "${name}"; ${hint}`)
  }
}

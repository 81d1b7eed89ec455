import { InvalidOptionError, nearestName } from '@escapement/base'
import { checkStorable } from './check-storable.ts'

/**
 * @param allowed - The only values that an entry can have. Default: any text.
 * @throws {@link InvalidOptionError} naming the entry that is no text, or not one that is allowed.
 */
export function checkTexts(
  name: string,
  values: unknown,
  allowed?: readonly string[],
): asserts values is readonly string[] {
  if (!Array.isArray(values)) {
    throw new InvalidOptionError(`${name} is ${shown(values)}; it must be an array of strings`)
  }
  for (const [index, value] of values.entries()) checkText(`${name}[${index}]`, value, allowed)
}

/** The same for one value; empty text is refused. */
export function checkText(name: string, value: unknown, allowed?: readonly string[]): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionError(`${name} is ${shown(value)}; it must be text that is not empty`)
  }
  if (allowed === undefined) return checkStorable(name, value)
  if (allowed.includes(value)) return
  const near = nearestName(value, allowed)
  const hint = near === null ? '' : `; did you mean "${near}"?`
  throw new InvalidOptionError(`${name} is ${shown(value)}; it is one of ${allowed.join(', ')}${hint}`)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

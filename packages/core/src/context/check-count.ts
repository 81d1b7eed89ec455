import { InvalidOptionError } from '@escapement/base'

/** @throws {@link InvalidOptionError} unless `value` is a whole number from 1 to `most`. */
export function checkCount(name: string, value: unknown, most: number): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return
  throw new InvalidOptionError(`${name} is ${String(value)}; it must be a whole number from 1 to ${most}`)
}

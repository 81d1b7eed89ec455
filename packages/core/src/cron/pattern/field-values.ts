import { InvalidOptionError } from '@escapement/base'
import type { CronField, FieldItem } from './cron-field.ts'
import type { FieldRules } from './field-rules.ts'

/**
 * The values of a field that holds nothing but numbers, in the order in which they are written.
 *
 * @throws {@link InvalidOptionError} when it holds an `H`: only a job's name says which value that is.
 */
export function fieldValues(field: CronField, rules: FieldRules, shown: string): number[] {
  return field.items.flatMap((item) => itemValues(item, rules, shown))
}

/** The values of one item; none for what depends on the month. */
export function itemValues(item: FieldItem, rules: FieldRules, shown: string): number[] {
  if (item.kind === 'hash') {
    throw new InvalidOptionError(`${shown} has ${rules.name} H, which is drawn from the name of a job; here is none`)
  }
  if (item.kind !== 'range') return []
  const { first, step } = item
  const cycle = rules.cycle ?? Number.POSITIVE_INFINITY
  // A range over the end counts on from there, its step included.
  const last = item.last < first ? item.last + cycle : item.last
  const values: number[] = []
  for (let value = first; value <= last; value += step) values.push(((value - rules.min) % cycle) + rules.min)
  return values
}

import type { CronField, FieldItem } from '../../cron/pattern/cron-field.ts'
import { type FieldRules, lastValue, MONTH, WEEKDAY } from '../../cron/pattern/field-rules.ts'
import { itemValues } from '../../cron/pattern/field-values.ts'

/** Part of a field as a sentence names it. */
export type Part =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'range'; readonly first: number; readonly last: number }
  /** Three values or more; `last` is one of them. `isEven`: it goes on alike from the last value to the first. */
  | {
      readonly kind: 'step'
      readonly step: number
      readonly first: number
      readonly last: number
      readonly isEven: boolean
      /** Whether it runs from the first value of the field as far as it goes. */
      readonly isWhole: boolean
    }
  /** `isWhole`: of all values that `H` draws from. */
  | (FieldItem & { readonly kind: 'hash' } & { readonly isWhole: boolean })
  | Exclude<FieldItem, { readonly kind: 'range' | 'hash' }>

/** The parts of a field, at least one; null: every value. */
export type FieldOutline = readonly Part[] | null

/** What a field says, however it was written: `0-59` is every minute, `5/50` is 5 and 55. */
export function fieldOutline(field: CronField, rules: FieldRules): FieldOutline {
  const size = lastValue(rules) - rules.min + 1
  const plain = field.items.filter(({ kind }) => kind === 'range')
  if (new Set(plain.flatMap((item) => itemValues(item, rules, field.text))).size === size) return null
  const parts = unique(field.items.flatMap((item) => partsOf(item, rules)))
  // Names of months and weekdays are listed: "Monday, and every 2nd from Wednesday to Sunday" is a riddle.
  const listed = rules === MONTH || rules === WEEKDAY ? unique(withoutSteps(parts, rules)) : parts
  const draws = listed.filter(({ kind }) => kind === 'hash')
  const others = listed.filter(({ kind }) => kind !== 'hash')
  return [...(others.every(isValue) ? others.toSorted((a, b) => a.value - b.value) : others), ...draws]
}

/** Whether a part is one plain value. */
export function isValue(part: Part): part is Part & { readonly kind: 'value' } {
  return part.kind === 'value'
}

function partsOf(item: FieldItem, rules: FieldRules): Part[] {
  if (item.kind === 'hash') {
    return [{ ...item, isWhole: item.first === rules.min && item.last === rules.hashMax }]
  }
  if (item.kind !== 'range') return [item]
  const values = itemValues(item, rules, '')
  const first = values[0] as number
  const last = values.at(-1) as number
  if (values.length === 1 || (values.length === 2 && item.step > 1)) return values.map(valuePart)
  if (item.step === 1) return [{ kind: 'range', first, last }]
  const { step } = item
  const isWhole = first === rules.min && item.last === lastValue(rules)
  const isEven = isWhole && (lastValue(rules) - rules.min + 1) % step === 0
  return [{ kind: 'step', step, first, last, isEven, isWhole }]
}

/** A single range of three or more stays one. */
function withoutSteps(parts: readonly Part[], rules: FieldRules): Part[] {
  return parts.flatMap((part): Part[] => {
    if (part.kind !== 'range' && part.kind !== 'step') return [part]
    const step = part.kind === 'step' ? part.step : 1
    const values = itemValues({ ...part, kind: 'range', step }, rules, '')
    const canStay = part.kind === 'range' && parts.length === 1 && values.length > 2
    return canStay ? [part] : values.map(valuePart)
  })
}

function valuePart(value: number): Part {
  return { kind: 'value', value }
}

function unique(parts: readonly Part[]): Part[] {
  return [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()]
}

import { InvalidOptionError } from '@escapement/base'
import type { CronField, FieldItem } from './cron-field.ts'
import { DAY, type FieldRules, lastValue, WEEKDAY } from './field-rules.ts'

/**
 * Reads one field.
 *
 * @param shown - The pattern as messages show it.
 * @throws {@link InvalidOptionError} naming the field, the value and the range.
 */
export function readField(text: string, rules: FieldRules, shown: string): CronField {
  const hasDays = rules === DAY || rules === WEEKDAY
  if (text === '?' && hasDays) return { text, items: [everything(rules)], isStar: true }
  const items = text.split(',').map((item) => readItem(item, rules, shown))
  return { text, items, isStar: text.startsWith('*') }
}

function everything(rules: FieldRules): FieldItem & { kind: 'range' } {
  return { kind: 'range', first: rules.min, last: lastValue(rules), step: 1 }
}

function readItem(item: string, rules: FieldRules, shown: string): FieldItem {
  const special = rules === DAY ? daySpecial(item, shown) : rules === WEEKDAY ? weekdaySpecial(item, shown) : null
  return special ?? hash(item, rules, shown) ?? range(item, rules, shown)
}

function daySpecial(item: string, shown: string): FieldItem | null {
  const last = /^l(?:-(\d{1,2}))?(w)?$/i.exec(item)
  if (last !== null) {
    const before = Number(last[1] ?? 0)
    if (before <= 30) return { kind: 'last-day', before, isNearestWeekday: last[2] !== undefined }
    throw new InvalidOptionError(`${shown} has day of the month "${item}"; L-0 to L-30 count back from the last day`)
  }
  if (!/w$/i.test(item)) return null
  const day = item.slice(0, -1)
  if (/^\d{1,2}$/.test(day)) return { kind: 'nearest-weekday', day: value(day, DAY, shown) }
  throw new InvalidOptionError(`${shown} has day of the month "${item}"; W follows one day, as in 15W, or L, as in LW`)
}

function weekdaySpecial(item: string, shown: string): FieldItem | null {
  const parts = /^(\w+?)(?:(l)|#(.*))$/i.exec(item)
  if (parts === null) {
    if (item.toUpperCase() !== 'L') return null
    throw new InvalidOptionError(`${shown} has weekday L, which no two crons read alike; write 6 or 5L`)
  }
  const weekday = value(parts[1] as string, WEEKDAY, shown) % 7
  const nth = parts[3]
  if (nth === undefined || nth.toUpperCase() === 'L') return { kind: 'last-weekday', weekday }
  if (/^[1-5]$/.test(nth)) return { kind: 'nth-weekday', weekday, nth: Number(nth) }
  throw new InvalidOptionError(`${shown} has #${nth} in its weekdays; a weekday comes #1 to #5 in a month, and last #L`)
}

function hash(item: string, rules: FieldRules, shown: string): FieldItem | null {
  const parts = /^h(?:\((\d{1,4})-(\d{1,4})\))?(?:\/(.*))?$/i.exec(item)
  if (parts === null) return null
  if (rules.hashMax === null) throw unreadable(item, rules, shown)
  const first = parts[1] === undefined ? rules.min : value(parts[1], rules, shown)
  const last = parts[2] === undefined ? rules.hashMax : value(parts[2], rules, shown)
  if (last < first) throw new InvalidOptionError(`${shown} has ${rules.name} ${item}, which runs backwards`)
  return { kind: 'hash', first, last, step: parts[3] === undefined ? null : stepOf(parts[3], rules, shown) }
}

function range(item: string, rules: FieldRules, shown: string): FieldItem {
  const [bounds, stepText, ...rest] = item.split('/') as [string, string | undefined, ...string[]]
  if (rest.length > 0) throw unreadable(item, rules, shown)
  const step = stepText === undefined ? 1 : stepOf(stepText, rules, shown)
  if (bounds === '*') return { ...everything(rules), step }
  const [firstText, lastText, ...more] = bounds.split('-') as [string, string | undefined, ...string[]]
  if (more.length > 0) throw unreadable(item, rules, shown)
  const first = value(firstText, rules, shown)
  const last =
    lastText !== undefined
      ? value(lastText, rules, shown)
      : stepText !== undefined
        ? Math.max(first, lastValue(rules))
        : first
  if (last < first && rules.cycle === null) {
    throw new InvalidOptionError(`${shown} has ${rules.name} range ${bounds}, which runs backwards`)
  }
  return { kind: 'range', first, last, step }
}

function stepOf(text: string, rules: FieldRules, shown: string): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0
  const most = rules.cycle === null ? rules.max - rules.min : rules.max
  if (step >= 1 && step <= most) return step
  throw new InvalidOptionError(`${shown} has ${rules.name} step /${text}; steps of ${rules.plural} are 1-${most}`)
}

function value(text: string, rules: FieldRules, shown: string): number {
  const index = rules.names?.indexOf(text.toLowerCase()) ?? -1
  if (index >= 0) return index + rules.min
  if (!/^\d+$/.test(text)) throw unreadable(text, rules, shown)
  const number = Number(text)
  if (number >= rules.min && number <= rules.max) return number
  throw new InvalidOptionError(`${shown} has ${rules.name} ${text}; ${rules.plural} are ${rules.min}-${rules.max}`)
}

function unreadable(text: string, rules: FieldRules, shown: string): InvalidOptionError {
  const names = rules.names === undefined ? '' : `, ${rules.names[0] as string}-${rules.names.at(-1) as string}`
  return new InvalidOptionError(
    `${shown} has ${rules.name} "${text}"; ${rules.plural} are ${rules.min}-${rules.max}${names}, ranges, lists and steps of them`,
  )
}

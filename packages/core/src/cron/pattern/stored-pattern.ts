import { spreadFraction } from './spread.ts'
import type { CronField, FieldItem } from './cron-field.ts'
import { readCronSyntax } from './cron-syntax.ts'

/**
 * The pattern as it is stored: each `H` is replaced by what the job's name draws, the same on every instance and after
 * every restart, and each field by a name of its own, so that minute and hour do not move together.
 *
 * @param options - `isBothDays`: whether to write the `+` before the weekday, if it is not there.
 * @throws {@link InvalidOptionError} when the pattern cannot be read.
 */
export function storedPattern(
  pattern: string,
  options: { readonly job: string; readonly isBothDays: boolean },
): string {
  const syntax = readCronSyntax(pattern)
  const text = pattern.trim()
  if (text.startsWith('@')) return text
  const texts = text.split(/\s+/)
  const { second, minute, hour, day, month, weekday, year } = syntax
  const fields = { second, minute, hour, day, month, weekday, year }
  const names = Object.keys(fields) as (keyof typeof fields)[]
  const used = texts.length === 5 ? names.slice(1, 6) : names.slice(0, texts.length)
  return used
    .map((name) => {
      const isBoth = name === 'weekday' && (syntax.isBothDays || options.isBothDays)
      return `${isBoth ? '+' : ''}${withoutHashes(fields[name], `${options.job} ${name}`)}`
    })
    .join(' ')
}

function withoutHashes({ text, items }: CronField, name: string): string {
  const parts = text.split(',')
  return items.map((item, index) => drawn(item, name) ?? (parts[index] as string)).join()
}

function drawn(item: FieldItem, name: string): string | null {
  if (item.kind !== 'hash') return null
  const { first, last, step } = item
  const choices = Math.min(last - first + 1, step ?? Number.POSITIVE_INFINITY)
  const start = first + Math.floor(spreadFraction(name) * choices)
  return step === null || start + step > last ? String(start) : `${start}-${last}/${step}`
}

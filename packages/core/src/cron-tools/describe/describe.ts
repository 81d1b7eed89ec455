import { InvalidOptionError } from '@escapement/base'
import { intervalMs, intervalOf } from '../../cron/pattern/interval-of.ts'
import { inChinese, intervalInChinese } from './chinese.ts'
import { inEnglish, intervalInEnglish } from './english.ts'
import { outlineOf } from './outline.ts'

/** A language that patterns are described in: English or Chinese. */
export type DescriptionLocale = 'en' | 'zh'

const LANGUAGES = {
  en: { pattern: inEnglish, interval: intervalInEnglish },
  zh: { pattern: inChinese, interval: intervalInChinese },
}

/** From the longest to the shortest; milliseconds. */
const UNITS: readonly (readonly [string, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
]

/**
 * Says in words when a cron pattern fires; without a full stop.
 *
 * @param pattern - As `cron()` takes it: also nicknames, `H` and `@every`.
 * @param locale - Default `en`.
 * @throws {@link InvalidOptionError} when the pattern cannot be read, or for another locale.
 * @example
 * ```ts
 * describe('0 9 * * 1-5') // at 09:00 on weekdays
 * describe('0 9 * * 1-5', 'zh') // 每周一至周五 09:00
 * ```
 */
export function describe(pattern: string, locale: DescriptionLocale = 'en'): string {
  if (!Object.hasOwn(LANGUAGES, locale)) {
    throw new InvalidOptionError(`locale is ${JSON.stringify(locale)}; descriptions come in 'en' and 'zh'`)
  }
  const language = LANGUAGES[locale]
  const interval = intervalOf(pattern)
  if (interval === null) return language.pattern(outlineOf(pattern))
  const everyMs = intervalMs(interval)
  const [unit, ms] = UNITS.find(([, length]) => everyMs % length === 0) as readonly [string, number]
  return language.interval(everyMs / ms, unit)
}

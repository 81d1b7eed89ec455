import { InvalidOptionError } from '@escapement/base'
import type { CronPattern } from './pattern/cron-pattern.ts'

/** What becomes of times that a wall clock leaves out or shows twice. */
export interface DstPolicy {
  /**
   * A time that the clock leaves out fires at the `end` of the gap (all such times at once: one instant is one tick), is
   * left out (`skip`), or moves by the length of the gap (`shift`).
   */
  readonly gap: 'end' | 'skip' | 'shift'
  /** A time that the clock shows twice fires the `first` time, the `last`, or `both` times. */
  readonly overlap: 'first' | 'last' | 'both'
}

const FIXED: DstPolicy = { gap: 'end', overlap: 'first' }
const WILDCARD: DstPolicy = { gap: 'skip', overlap: 'both' }

/**
 * What holds for a pattern, as Vixie cron has it: a fixed time happens once a day, at the end of a gap and the first time
 * in an overlap; a pattern whose minute or hour begins with `*` follows the clock. What the host has chosen comes first.
 */
export function dstPolicy(pattern: CronPattern, chosen: Partial<DstPolicy> = {}): DstPolicy {
  return { ...(pattern.isWildcard ? WILDCARD : FIXED), ...chosen }
}

const VALUES = { gap: ['end', 'skip', 'shift'], overlap: ['first', 'last', 'both'] } as const

/**
 * Checks what a host has chosen.
 *
 * @returns Only what was given; null: nothing.
 * @throws {@link InvalidOptionError} naming the option and its values.
 */
export function chosenPolicy(chosen: Partial<DstPolicy> | undefined): Partial<DstPolicy> | null {
  if (chosen === undefined) return null
  if (typeof chosen !== 'object' || chosen === null) {
    throw new InvalidOptionError(`dst of cron is ${shown(chosen)}; give { gap, overlap }, or one of them`)
  }
  const given = Object.entries(chosen as Record<string, unknown>).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const allowed: readonly string[] | undefined = Object.hasOwn(VALUES, name)
      ? VALUES[name as keyof typeof VALUES]
      : undefined
    if (allowed === undefined) throw new InvalidOptionError(`dst of cron has no ${name}; it has gap and overlap`)
    if (!allowed.some((one) => one === value)) {
      throw new InvalidOptionError(`dst.${name} of cron is ${shown(value)}; it is ${allowed.join(', ')}`)
    }
  }
  return given.length === 0 ? null : (Object.fromEntries(given) as Partial<DstPolicy>)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : `of type ${value === null ? 'null' : typeof value}`
}

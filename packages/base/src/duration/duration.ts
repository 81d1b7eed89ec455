import { InvalidOptionError } from '../error/invalid-option-error.ts'

/** A length of time: milliseconds, or a number with its unit: `'250ms' | '30s' | '5m' | '2h' | '90d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest duration that is accepted: 100 years of 366 days, in milliseconds. Longer ones are typing errors. */
export const LONGEST_DURATION_MS: number = 100 * 366 * 86_400_000

/** Bounds of {@link durationMs}, both inclusive, in milliseconds. */
export interface DurationBounds {
  /** Default 0. */
  readonly minMs?: number
  /** Default {@link LONGEST_DURATION_MS}. */
  readonly maxMs?: number
}

/**
 * Reads a duration.
 *
 * @param name - What the duration is for; stands at the head of the error message.
 * @returns Whole milliseconds.
 * @throws {@link InvalidOptionError} when the value is not a duration or lies outside the bounds.
 */
export function durationMs(value: Duration, name: string, bounds: DurationBounds = {}): number {
  const { minMs = 0, maxMs = LONGEST_DURATION_MS } = bounds
  const ms = parse(value)
  if (ms === undefined) {
    throw new InvalidOptionError(
      `${name} is ${shown(value)}; a duration is milliseconds or a number with ms, s, m, h or d, such as '30s'`,
    )
  }
  if (ms < minMs || ms > maxMs) {
    throw new InvalidOptionError(`${name} is ${shown(value)}; it must lie between ${minMs} ms and ${maxMs} ms`)
  }
  return ms
}

function parse(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.round(value) : undefined
  if (typeof value !== 'string' || value.length > 32) return undefined
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * (UNIT_MS[match[2] as string] as number))
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`
  return typeof value === 'number' ? String(value) : `a value of type ${value === null ? 'null' : typeof value}`
}

import { InvalidOptionError } from '@escapement/base'
import * as fc from 'fast-check'
import { describe as suite, expect, it } from 'vitest'
import { describe } from '../../src/cron-tools/describe/describe.ts'
import { parseCronPattern } from '../../src/cron/pattern/parse-cron-pattern.ts'
import { DESCRIPTIONS } from './descriptions.ts'

/** All patterns with one of these in each field. */
function patterns(fields: readonly (readonly string[])[]): string[] {
  return fields.reduce<string[]>(
    (begun, texts) => begun.flatMap((start) => texts.map((text) => (start === '' ? text : `${start} ${text}`))),
    [''],
  )
}

const item = (low: number, high: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('value', 'range', 'step', 'star', 'hash'),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 5 }),
    )
    .map(([kind, one, other, step]) => {
      const first = low + (one % (high - low + 1))
      const last = low + (other % (high - low + 1))
      if (kind === 'value') return `${first}`
      if (kind === 'range') return `${first}-${last}`
      if (kind === 'step') return `${first}-${last}/${step}`
      return kind === 'star' ? `*/${step}` : `H/${step}`
    })
const field = (low: number, high: number, ...special: string[]): fc.Arbitrary<string> =>
  fc
    .array(special.length === 0 ? item(low, high) : fc.oneof(item(low, high), fc.constantFrom(...special)), {
      minLength: 1,
      maxLength: 3,
    })
    .map((items) => items.join())

suite('describing a cron pattern', () => {
  it.each(DESCRIPTIONS)('%s is described in English and Chinese', (pattern, english, chinese) => {
    expect(describe(pattern)).toBe(english)
    expect(describe(pattern, 'zh')).toBe(chinese)
  })

  it('describes every readable pattern, and leaves no gap in the sentence', () => {
    const any = fc.tuple(
      field(0, 59),
      field(0, 59),
      field(0, 23),
      field(1, 31, 'L', 'LW', 'L-2', '15W', 'L-3W'),
      field(1, 12),
      field(0, 7, '5L', '1#2', '0#5'),
    )
    fc.assert(
      fc.property(any, fc.constantFrom('en', 'zh'), (fields, locale) => {
        const text = describe(fields.join(' '), locale)
        expect(text).not.toMatch(/undefined|NaN| {2}|^ | $|, ,|at and/)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['en', 'zh'] as const)('patterns of different meaning have different descriptions (%s)', (locale) => {
    const meanings = new Map<string, [pattern: string, meaning: string]>()
    const simple = patterns([
      ['*', '0', '15', '*/5', '*/7', '0-10', '0,30'],
      ['*', '9', '9-17', '*/2', '9,17'],
      ['*', '1', '*/2', 'L', '1-7', '1,15'],
      ['*', '1', '4-9', '1,7'],
      ['*', '1', '1-5', '0,6', '5L', '5#2', '+1-5'],
    ])
    const confused: string[] = []
    for (const pattern of simple) {
      const meaning = JSON.stringify({ ...parseCronPattern(pattern), isWildcard: null })
      const text = describe(pattern, locale)
      const other = meanings.get(text)
      if (other !== undefined && other[1] !== meaning) confused.push(`"${other[0]}" and "${pattern}": ${text}`)
      meanings.set(text, [pattern, meaning])
    }
    expect(confused).toEqual([])
    expect(meanings.size).toBeGreaterThan(3_000)
  })

  it('refuses what it cannot read, and other languages', () => {
    expect(() => describe('61 * * * *')).toThrow(InvalidOptionError)
    expect(() => describe('@every soon')).toThrow(/duration/)
    expect(() => describe('* * * * *', 'fr' as 'en')).toThrow(/'en' and 'zh'/)
  })
})

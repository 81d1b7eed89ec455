import { describe, expect, it } from 'vitest'
import { lint } from '../../src/cron-tools/lint/lint.ts'

const now = '2026-11-22'
const timezone = 'America/New_York'
const codes = (pattern: string, options = {}): string[] => lint(pattern, { now, ...options }).map(({ code }) => code)

describe('warnings about cron patterns', () => {
  it.each([
    '*/5 * * * *',
    '*/15 9-17 * * 1-5',
    '0 9 * * 1-5',
    '30 4 * * *',
    '17 * * * *',
    'H H * * *',
    '5 0 1 * *',
    '0 9 L * *',
    '0 6 1,15,31 * *',
    '15 3 */10 * +1',
    '*/30 * * * * *',
    '@every 7m',
  ])('%s gives none but what it asks for', (pattern) => {
    expect(codes(pattern, { timezone })).toEqual(pattern.includes('*/10') ? ['uneven-step'] : [])
  })

  it.each([
    ['0 0 * * *', 'crowded'],
    ['0 * * * *', 'crowded'],
    ['@hourly', 'crowded'],
    ['30 9 31 * *', 'day-missing'],
    ['30 9 30,31 * *', 'day-missing'],
    ['30 9 29 2 *', 'day-missing'],
    ['30 9 29 * *', 'day-missing'],
    ['30 9 13 * 5', 'either-day'],
    ['*/7 * * * *', 'uneven-step'],
    ['30 */5 * * *', 'uneven-step'],
    ['30 9 */2 * *', 'uneven-step'],
    ['0 30 9 1 1 * 2020-2025', 'year-past'],
  ])('%s is warned of as %s, with a way out', (pattern, code) => {
    expect(codes(pattern)).toEqual([code])
    for (const { message, wayOut } of lint(pattern, { now }))
      expect(`${message} ${wayOut}`).not.toMatch(/undefined|NaN/)
  })

  it('warns of fixed times that some nights lack or have twice, unless dst was chosen', () => {
    expect(codes('30 2 * * *', { timezone })).toEqual(['time-in-gap'])
    expect(codes('30 1 * * *', { timezone })).toEqual(['time-in-overlap'])
    expect(codes('30 2 * * *', { timezone, dst: { gap: 'skip' } })).toEqual([])
    expect(codes('30 1 * * *', { timezone, dst: { overlap: 'last' } })).toEqual([])
    expect(codes('30 2 * * *')).toEqual([])
    expect(codes('*/30 2 * * *', { timezone })).toEqual([])
  })

  it('suggests H in the place of the minute', () => {
    expect(lint('0 0 * * 1', { now })[0]?.wayOut).toContain('"H 0 * * 1"')
    expect(lint('0 0 * * * *', { now })[0]?.wayOut).toContain('"0 H * * * *"')
  })

  it('knows the present by itself, and refuses what cannot be read', () => {
    expect(lint('0 30 9 1 1 * 1999').map(({ code }) => code)).toEqual(['year-past'])
    expect(() => lint('61 * * * *')).toThrow(/minutes are 0-59/)
    expect(() => lint('0 0 30 2 *')).toThrow(/never fires/)
    expect(() => lint('@every soon')).toThrow(/duration/)
    expect(() => lint('* * * * *', { timezone: 'Mars/Base' })).toThrow(/Mars/)
  })
})

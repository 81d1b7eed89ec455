import { describe, expect, it } from 'vitest'
import { preview, type PreviewOptions } from '../../src/cron-tools/preview/preview.ts'
import { nextTick } from '../../src/trigger/next-tick.ts'

const SPRING = { from: '2027-03-13', to: '2027-03-16', timezone: 'America/New_York' }
const AUTUMN = { from: '2026-10-31', to: '2026-11-03', timezone: 'America/New_York' }

function notes(pattern: string, options: PreviewOptions): string[] {
  return preview(pattern, options).notes.map(({ text }) => text)
}

describe('previewing a cron pattern', () => {
  it('shows ticks with their local time and offset', () => {
    expect(preview('30 2 * * *', SPRING).ticks).toEqual([
      { scheduledFor: Date.parse('2027-03-13T07:30:00Z'), local: '2027-03-13T02:30:00', offset: '-05:00' },
      { scheduledFor: Date.parse('2027-03-14T07:00:00Z'), local: '2027-03-14T03:00:00', offset: '-04:00' },
      { scheduledFor: Date.parse('2027-03-15T06:30:00Z'), local: '2027-03-15T02:30:00', offset: '-04:00' },
    ])
  })

  it('notes what a gap does to times, by each policy', () => {
    expect(notes('30 2 * * *', SPRING)).toEqual(['moved to 03:00 on 2027-03-14: 02:30 does not exist'])
    expect(notes('30 2 * * *', { ...SPRING, dst: { gap: 'skip' } })).toEqual([
      'skipped on 2027-03-14: 02:30 does not exist',
    ])
    expect(notes('30 2 * * *', { ...SPRING, dst: { gap: 'shift' } })).toEqual([
      'moved to 03:30 on 2027-03-14: 02:30 does not exist',
    ])
    expect(notes('*/20 * * * *', { ...SPRING, limit: 1_000 })).toEqual([
      'skipped on 2027-03-14: 02:00 to 02:40 do not exist',
    ])
    expect(notes('0 4 * * *', SPRING)).toEqual([])
  })

  it('notes what an overlap does to times, by each policy', () => {
    expect(notes('30 1 * * *', AUTUMN)).toEqual(['runs once on 2026-11-01: 01:30 comes twice, the first one counts'])
    expect(notes('30 1 * * *', { ...AUTUMN, dst: { overlap: 'last' } })).toEqual([
      'runs once on 2026-11-01: 01:30 comes twice, the last one counts',
    ])
    expect(notes('*/20 1 * * *', AUTUMN)).toEqual(['runs twice on 2026-11-01: 01:00 to 01:40 come twice'])
  })

  it('agrees with the schedule tick by tick, over a whole year in a zone of half hours', () => {
    const options = { from: '2027-01-01', to: '2027-12-31', timezone: 'Australia/Lord_Howe', limit: 10_000 }
    const { ticks, isComplete } = preview('45 1,2 * * *', options)
    expect(isComplete).toBe(true)
    let after = Date.parse('2027-01-01') - 1
    for (const { scheduledFor } of ticks) {
      const spec = { kind: 'cron', pattern: '45 1,2 * * *', timezone: 'Australia/Lord_Howe' } as const
      expect(scheduledFor).toBe(nextTick([spec], '', after))
      after = scheduledFor
    }
  })

  it('ends after as many ticks as were asked for, and says so', () => {
    const range = { from: '2027-01-01', to: '9999-12-31' }
    const many = preview('* * * * *', range)
    expect(many.ticks).toHaveLength(100)
    expect(many.isComplete).toBe(false)
    expect(preview('* * * * *', { ...range, limit: 10_000 }).ticks).toHaveLength(10_000)
    expect(preview('0 0 1 1 *', { from: '2027-01-01', to: '2027-01-01' })).toMatchObject({ isComplete: true })
    expect(() => preview('* * * * *', { ...range, limit: 10_001 })).toThrow(/10000/)
  })

  it('takes intervals, and H with the name of a job', () => {
    const range = { from: '2027-01-01', to: '2027-01-01T00:03:00Z' }
    expect(preview('@every 90s', range).ticks.map(({ local }) => local.slice(11))).toEqual([
      '00:00:00',
      '00:01:30',
      '00:03:00',
    ])
    const day = { from: '2027-01-01', to: '2027-01-02' }
    expect(() => preview('H 9 * * *', day)).toThrow(/name of a job/)
    expect(preview('H 9 * * *', { ...day, job: 'report' }).ticks).toHaveLength(1)
  })

  it('refuses an empty range, an unknown zone and an unknown option', () => {
    expect(() => preview('* * * * *', { from: 2, to: 1 })).toThrow(/later instant/)
    expect(() => preview('* * * * *', { from: 1, to: 2, timezone: 'Mars/Base' })).toThrow(/Mars/)
    expect(() => preview('* * * * *', { from: 1, to: 2, zone: 'UTC' } as PreviewOptions)).toThrow(/zone/)
  })
})

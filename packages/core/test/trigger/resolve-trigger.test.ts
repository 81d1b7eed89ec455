import { describe, expect, it } from 'vitest'
import { resolveTrigger } from '../../src/trigger/resolve-trigger.ts'
import { at, cron, every } from '../../src/trigger/trigger.ts'

const berlin = { timezone: 'Europe/Berlin', job: 'job' }

describe('resolving a trigger', () => {
  it('reads a pattern without a zone in the zone of the scheduler, and one with a zone in its own', () => {
    expect(resolveTrigger(cron(' 0 9 * * * '), berlin)).toEqual({
      kind: 'cron',
      pattern: '0 9 * * *',
      timezone: 'Europe/Berlin',
    })
    expect(resolveTrigger(cron('@daily', { timezone: 'UTC' }), berlin)).toMatchObject({ timezone: 'UTC' })
  })

  it('keeps only the bounds that were given, sorts instants and drops repeated ones', () => {
    const bounds = {
      from: 1_000,
      until: new Date(9_000),
      except: [5_000, '1970-01-01T00:00:03Z', 5_000],
      spread: '10s',
    }
    expect(resolveTrigger(every('1s', { ...bounds, anchor: 7 } as never), berlin)).toEqual({
      kind: 'every',
      everyMs: 1_000,
      anchor: 7,
      from: 1_000,
      until: 9_000,
      except: [3_000, 5_000],
      spreadMs: 10_000,
    })
    expect(resolveTrigger(every('1s', { except: [], spread: 0 }), berlin)).toEqual({
      kind: 'every',
      everyMs: 1_000,
      anchor: 0,
    })
    expect(resolveTrigger(at([20, 10, 20]), berlin)).toEqual({ kind: 'at', instants: [10, 20] })
    expect(resolveTrigger(at('1970-01-01'), berlin)).toEqual({ kind: 'at', instants: [0] })
  })

  it('keeps of dst what was given, and draws H from the name of the job', () => {
    const dst = { gap: 'skip', overlap: undefined } as never
    expect(resolveTrigger(cron('H 9 1 * mon', { dst, days: 'both' }), berlin)).toEqual({
      kind: 'cron',
      pattern: '31 9 1 * +mon',
      timezone: 'Europe/Berlin',
      dst: { gap: 'skip' },
    })
    expect(resolveTrigger(cron('@daily', { dst: {} }), berlin)).not.toHaveProperty('dst')
  })

  it('@every is the same as every', () => {
    const options = { from: 1_000, spread: '10s' } as const
    expect(resolveTrigger(cron(' @Every 90s ', options), berlin)).toEqual(resolveTrigger(every('90s', options), berlin))
  })

  it.each([
    [cron('@every 1 fortnight'), `every is '1 fortnight'; a duration is`],
    [cron('@daily', { dst: { gap: 'move' as never } }), `dst.gap of cron is 'move'; it is end, skip, shift`],
    [
      cron('@daily', { dst: { overlap: null as never } }),
      'dst.overlap of cron is of type null; it is first, last, both',
    ],
    [cron('@daily', { dst: { toString: 'end' } as never }), 'dst of cron has no toString; it has gap and overlap'],
    [cron('@daily', { dst: 'skip' as never }), `dst of cron is 'skip'; give { gap, overlap }, or one of them`],
    [cron('@daily', { days: 'all' as never }), `days of cron is "all"; a day must fit 'either' field or 'both'`],
    [cron('0 9 * * *', { timezone: 'Mars/Base' }), 'time zone "Mars/Base" is unknown; use an IANA name'],
    [cron('0 9 * * *', { timezone: 7 as never }), 'time zone a value of type number is unknown'],
    [cron('0 9 * *'), 'has 4 fields'],
    [every('99ms'), `every is '99ms'; it must lie between 100 ms and`],
    [every(-5), 'every is -5; it must lie between'],
    [every('900000d'), `every is '900000d'; it must lie between`],
    [every('1 fortnight' as never), `every is '1 fortnight'; a duration is`],
    [every('1s', { anchor: 'noon' }), `anchor of every is 'noon'`],
    [every('1s', { spread: '2d' }), `spread of every is '2d'; it must lie between 0 ms and 86400000 ms`],
    [every('1s', { from: 2_000, until: 1_000 }), 'until of every is 1970-01-01T00:00:01.000Z, before its from'],
    [cron('@daily', { except: 5 as never }), 'except of cron is not a list of instants'],
    [at([]), 'at names no instant'],
    [at(Array.from({ length: 10_001 }, (_, index) => index)), 'at names 10001 instants; at most 10000 are kept'],
    [{ kind: 'on' } as never, 'trigger is none; make it with cron(), every() or at()'],
  ])('refuses %j', (trigger, message) => {
    expect(() => resolveTrigger(trigger, berlin)).toThrow(message)
  })
})

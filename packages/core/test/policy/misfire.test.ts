import { describe, expect, it } from 'vitest'
import { judgeMissed, type MissedCase, type MissedVerdict } from '../../src/policy/misfire.ts'

const NOW = 100

/** The verdicts on ticks at 10, 20 … 90, now being 100, in a word each. */
function verdicts(given: Partial<Omit<MissedCase, 'misfire'>> & { misfire: Partial<MissedCase['misfire']> }): string {
  const ticks = [10, 20, 30, 40, 50, 60, 70, 80, 90]
  const judge = judgeMissed({
    now: NOW,
    pauses: [],
    absentSince: null,
    ticksFrom: (instant) => ticks.filter((tick) => tick >= instant),
    ...given,
    misfire: { policy: 'once', withinMs: 1_000, max: 100, ...given.misfire },
  })
  return ticks.map((tick) => word(judge(tick))).join(' ')
}

function word(verdict: MissedVerdict): string {
  if (verdict.kind === 'fold') return verdict.reason
  return verdict.missed === null ? 'run' : `run(${verdict.missed.count}:${verdict.missed.from}-${verdict.missed.to})`
}

const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(' ')
const pauses = [
  { from: 30, until: 50, by: null, note: null },
  { from: 85, until: null, by: null, note: null },
]

describe('misfire skip', () => {
  it('rule 11: none runs', () => {
    expect(verdicts({ misfire: { policy: 'skip' } })).toBe(times(9, 'misfire'))
  })

  it('rule 7: from when the job was absent on, the reason is that it had no handler', () => {
    expect(verdicts({ misfire: { policy: 'skip' }, absentSince: 40 })).toBe(
      `${times(3, 'misfire')} ${times(6, 'no-handler')}`,
    )
  })
})

describe('misfire once', () => {
  it('rule 11: the latest runs and carries all of them, the others are coalesced into it', () => {
    expect(verdicts({ misfire: {} })).toBe(`${times(8, 'coalesced')} run(9:10-90)`)
  })

  it('rule 11: ticks older than the misfire policy allows are misfires and not counted', () => {
    expect(verdicts({ misfire: { withinMs: 50 } })).toBe(`${times(4, 'misfire')} ${times(4, 'coalesced')} run(5:50-90)`)
  })

  it('rule 11: none runs when all are too old', () => {
    expect(verdicts({ misfire: { withinMs: 5 } })).toBe(times(9, 'misfire'))
  })

  it('rule 13: ticks in a pause are paused, never misfires, and not counted', () => {
    expect(verdicts({ misfire: {}, pauses })).toBe(
      'coalesced coalesced paused paused coalesced coalesced coalesced run(6:10-80) paused',
    )
  })

  it('rule 13: a pause over all of them leaves none to run', () => {
    expect(verdicts({ misfire: {}, pauses: [{ from: 0, until: null, by: null, note: null }] })).toBe(times(9, 'paused'))
  })

  it('rule 7: too old ones had no handler from when the job was absent on; younger ones run all the same', () => {
    expect(verdicts({ misfire: { withinMs: 40 }, absentSince: 30 })).toBe(
      `misfire misfire ${times(3, 'no-handler')} ${times(3, 'coalesced')} run(4:60-90)`,
    )
  })
})

describe('misfire all', () => {
  it('rule 11: all run', () => {
    expect(verdicts({ misfire: { policy: 'all' } })).toBe(times(9, 'run'))
    expect(verdicts({ misfire: { policy: 'all', max: 9 } })).toBe(times(9, 'run'))
  })

  it('rule 11: only the latest max run', () => {
    expect(verdicts({ misfire: { policy: 'all', max: 3 } })).toBe(`${times(6, 'misfire')} run run run`)
  })

  it('rule 11: only those that are young enough run', () => {
    expect(verdicts({ misfire: { policy: 'all', withinMs: 30 } })).toBe(`${times(6, 'misfire')} run run run`)
  })

  it('rule 13: paused ticks do not run and use up none of max', () => {
    expect(verdicts({ misfire: { policy: 'all', max: 5 }, pauses, absentSince: 10 })).toBe(
      'no-handler run paused paused run run run run paused',
    )
  })
})

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { judgeMissed } from '../../src/policy/misfire.ts'
import { isPausedAt } from '../../src/store/job-state.ts'

const NOW = 1_000
const instant = fc.integer({ min: 0, max: NOW })
const given = fc.record({
  misfire: fc.record({
    policy: fc.constantFrom('skip', 'once', 'all'),
    withinMs: fc.integer({ min: 0, max: 1_200 }),
    max: fc.integer({ min: 1, max: 20 }),
  }),
  pauses: fc.array(
    fc.tuple(instant, fc.option(fc.nat({ max: 300 }))).map(([from, lengthMs]) => ({
      from,
      until: lengthMs === null ? null : from + lengthMs,
      by: null,
      note: null,
    })),
    { maxLength: 3 },
  ),
  absentSince: fc.option(instant),
  ticks: fc.uniqueArray(instant, { maxLength: 60 }).map((list) => list.toSorted((a, b) => a - b)),
})

it('rule 11: each tick has one verdict, and what runs stands for as many as it says', () => {
  fc.assert(
    fc.property(given, ({ misfire, pauses, absentSince, ticks }) => {
      let asked = 0
      const judge = judgeMissed({
        misfire,
        now: NOW,
        pauses,
        absentSince,
        ticksFrom: (from) => {
          asked++
          return ticks.filter((tick) => tick >= from)
        },
      })
      const verdicts = ticks.map((tick) => ({ tick, verdict: judge(tick) }))
      expect(asked).toBeLessThanOrEqual(1)

      const runs = verdicts.flatMap(({ tick, verdict }) => (verdict.kind === 'run' ? [{ tick, ...verdict }] : []))
      const folded = (reason: string): number[] =>
        verdicts.flatMap(({ tick, verdict }) => (verdict.kind === 'fold' && verdict.reason === reason ? [tick] : []))
      const eligible = ticks.filter((tick) => tick >= NOW - misfire.withinMs && !isPausedAt(pauses, tick))

      expect(folded('paused')).toEqual(ticks.filter((tick) => isPausedAt(pauses, tick)))
      const running = { skip: 0, once: 1, all: misfire.max }[misfire.policy]
      const expected = running === 0 ? [] : eligible.slice(-running)
      expect(runs.map(({ tick }) => tick)).toEqual(expected)
      const isOnce = misfire.policy === 'once'
      expect(folded('coalesced')).toEqual(isOnce ? eligible.slice(0, -1) : [])
      const missed = (to: number): object => ({ count: eligible.length, from: eligible[0], to })
      expect(runs.map((run) => run.missed)).toEqual(expected.map((to) => (isOnce ? missed(to) : null)))
      for (const tick of folded('no-handler')) expect(tick).toBeGreaterThanOrEqual(absentSince ?? Number.NaN)
      for (const tick of folded('misfire')) expect(tick).toBeLessThan(absentSince ?? Number.POSITIVE_INFINITY)
    }),
    { numRuns: 1_000 },
  )
})

it('rule 4: a million missed ticks are judged in constant memory', () => {
  function* count(from: number): Generator<number> {
    for (let tick = from; tick < 1_000_000; tick++) yield tick
  }
  for (const policy of ['once', 'all'] as const) {
    const misfire = { policy, withinMs: 900_000, max: 5 }
    const judge = judgeMissed({ misfire, now: 1_000_000, pauses: [], absentSince: null, ticksFrom: count })
    const runs: number[] = []
    for (const tick of count(0)) if (judge(tick).kind === 'run') runs.push(tick)
    expect(runs).toEqual(policy === 'once' ? [999_999] : [999_995, 999_996, 999_997, 999_998, 999_999])
  }
})

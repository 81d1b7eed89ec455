import { describe, expect, it } from 'vitest'
import { planRange } from '../../src/plan/plan-range.ts'
import { caseOf, late, NOW, plan, spansOf } from './plan-case.ts'

describe('pauses of the queue', () => {
  const queuePauses = [{ from: NOW - 9_000, until: NOW - 7_000, by: null, note: null }]

  it('rule 13: late ticks in one are paused, planned or not, and it is not written to the job', () => {
    const pauses = [{ from: NOW - 7_000, until: NOW, by: null, note: null }]
    const { entry } = plan({
      spec: { misfire: { policy: 'skip', withinMs: 0, max: 1 } },
      state: { plannedUntil: NOW - 9_000, pauses },
      lateTicks: late(-10_000, -9_000),
      queuePauses,
    })
    expect(entry.fold).toEqual([
      { executionId: 'row-10000', reason: 'misfire' },
      { executionId: 'row-9000', reason: 'paused' },
    ])
    expect(spansOf(entry)).toEqual(['paused -8000..-6000 (3)'])
    expect([entry.expected.pauses, entry.pauses]).toEqual([pauses, pauses])
  })

  it('rule 13: a tick that runs once for what was missed does not count those in one', () => {
    const { entry } = plan({ state: { plannedUntil: NOW - 10_000 }, queuePauses })
    expect(entry.executions[0]?.missed).toEqual({ count: 2, from: NOW - 7_000, to: NOW - 6_000 })
  })
})

describe('pauses that no longer matter', () => {
  const pauses = [
    { from: NOW - 90_000, until: NOW - 60_000, by: null, note: null },
    { from: NOW - 8_000, until: NOW - 4_000, by: null, note: null },
    { from: NOW - 1_000, until: null, by: null, note: null },
  ]

  it('rule 13: are dropped once every tick that they could cover has its verdict', () => {
    expect(plan({ state: { pauses } }).entry.pauses).toEqual(pauses.slice(1))
  })

  it('rule 13: stay while ticks before their end are unplanned', () => {
    const { entry } = plan({
      state: { pauses, plannedUntil: NOW - 80_000 },
      spec: { misfire: { policy: 'all', withinMs: 1e9, max: 9 } },
      maxTicks: 1,
    })
    expect(entry.plannedUntil).toBeGreaterThan(NOW - 60_000)
    expect(entry.pauses).toEqual(pauses.slice(1))
    const early = plan({
      state: { pauses, plannedUntil: NOW - 99_000 },
      spec: { misfire: { policy: 'all', withinMs: 1e9, max: 99 } },
      maxTicks: 1,
    })
    expect(early.entry.plannedUntil).toBeLessThan(NOW - 60_000)
    expect(early.entry.pauses).toBe(early.entry.expected.pauses)
  })

  it('rule 13: stay when late rows were not asked for', () => {
    const { maxLateTicks: _, ...given } = caseOf({ state: { pauses } })
    expect(planRange(given).entry.pauses).toEqual(pauses)
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JobState } from '../../src/store/job-state.ts'
import type { PlanEntry } from '../../src/store/plan-store.ts'
import { ticksBetween } from '../../src/trigger/next-tick.ts'
import { HORIZON, late, NOW, plan, SECOND, spansOf } from './plan-case.ts'

describe('planning ahead', () => {
  it('rule 10: ticks up to the horizon become executions that a claim has still to judge', () => {
    const { entry, isComplete } = plan({ until: NOW + 2_500 })
    expect(isComplete).toBe(true)
    expect(entry).toEqual({
      job: 'job',
      expected: { plannedUntil: NOW, pauses: [], revision: 3 },
      plannedUntil: NOW + 2_500,
      nextTickAt: NOW + 3_000,
      executions: [
        expect.objectContaining({ id: 'id-1', scheduledFor: NOW + 1_000 }),
        {
          id: 'id-2',
          job: 'job',
          revision: 3,
          origin: 'tick',
          dedupeKey: `tick:${NOW + 2_000}`,
          queue: 'mail',
          priority: 7,
          scheduledFor: NOW + 2_000,
          dueAt: NOW + 2_000,
          delayMs: 0,
          startWithinMs: 9_000,
          input: '{}',
          concurrencyKey: 'tenant',
          concurrencyLimit: 2,
          isExclusive: true,
          ifOpen: 'wait',
          missed: null,
          isJudged: false,
          createdBy: null,
          traceparent: null,
        },
      ],
      spans: [],
      fold: [],
      keep: [],
      pauses: [],
    })
  })

  it('rule 20: executions of a job that allows overlap exclude nothing, and without a key there is no limit', () => {
    const { entry } = plan({ spec: { overlap: 'allow', tickConcurrencyKey: null }, until: NOW + SECOND })
    expect(entry.executions[0]).toMatchObject({ isExclusive: false, concurrencyKey: null, concurrencyLimit: null })
  })

  it('rule 5: the cursor is never lowered', () => {
    const { entry, isComplete } = plan({ state: { plannedUntil: NOW + 60_000 } })
    expect(entry).toMatchObject({ plannedUntil: NOW + 60_000, executions: [], nextTickAt: NOW + 61_000 })
    expect(isComplete).toBe(true)
  })

  it('a step that has inserted its fill ends at the last tick, the next one goes on there', () => {
    const first = plan({ maxTicks: 4 })
    expect(first.isComplete).toBe(false)
    expect(first.entry).toMatchObject({ plannedUntil: NOW + 4_000, nextTickAt: NOW + 5_000 })
    const second = plan({ state: { plannedUntil: NOW + 4_000 }, maxTicks: 11 })
    expect(second.isComplete).toBe(true)
    expect(second.entry.executions).toHaveLength(11)
    expect(second.entry.plannedUntil).toBe(NOW + HORIZON)
  })

  it('a job whose triggers are over has no next tick', () => {
    const { entry } = plan({ spec: { triggers: [{ kind: 'at', instants: [NOW + 1] }] } })
    expect(entry.executions).toHaveLength(1)
    expect(entry.nextTickAt).toBeNull()
  })
})

describe('ticks that are late', () => {
  it('rule 11: a tick up to 5 s late is punctual and left to the claim', () => {
    const { entry } = plan({ state: { plannedUntil: NOW - 5_001 }, until: NOW })
    expect(entry.spans).toEqual([])
    expect(entry.executions.map(({ scheduledFor, isJudged }) => [(scheduledFor as number) - NOW, isJudged])).toEqual([
      [-5_000, false],
      [-4_000, false],
      [-3_000, false],
      [-2_000, false],
      [-1_000, false],
      [0, false],
    ])
  })

  it('rule 11: once makes one judged execution of the latest and a span of the others', () => {
    const { entry } = plan({ state: { plannedUntil: NOW - 60_000 }, until: NOW - 5_500 })
    expect(spansOf(entry)).toEqual(['coalesced -59000..-7000 (53)'])
    expect(entry.executions).toEqual([
      expect.objectContaining({
        scheduledFor: NOW - 6_000,
        isJudged: true,
        missed: { count: 54, from: NOW - 59_000, to: NOW - 6_000 },
      }),
    ])
  })

  it('rule 11: rows planned before the outage are judged together with ticks that were never planned', () => {
    const { entry } = plan({
      state: { plannedUntil: NOW - 10_000 },
      lateTicks: late(-12_000, -11_000, -10_000),
      until: NOW - 5_500,
    })
    expect(entry.fold).toEqual([
      { executionId: 'row-12000', reason: 'coalesced' },
      { executionId: 'row-11000', reason: 'coalesced' },
      { executionId: 'row-10000', reason: 'coalesced' },
    ])
    expect(spansOf(entry)).toEqual(['coalesced -9000..-7000 (3)'])
    expect(entry.executions[0]).toMatchObject({ missed: { count: 7, from: NOW - 12_000, to: NOW - 6_000 } })
    expect(entry.keep).toEqual([])
  })

  it('rule 11: a late row runs when nothing later was missed', () => {
    const { entry } = plan({ lateTicks: late(-12_000, -11_000), until: NOW })
    expect(entry.fold).toEqual([{ executionId: 'row-12000', reason: 'coalesced' }])
    expect(entry.keep).toEqual([
      { executionId: 'row-11000', missed: { count: 2, from: NOW - 12_000, to: NOW - 11_000 } },
    ])
  })

  it('rule 11: a late row that is too old is a misfire and not counted', () => {
    const { entry } = plan({
      lateTicks: late(-99_000, -6_000),
      spec: { misfire: { policy: 'once', withinMs: 9_000, max: 1 } },
    })
    expect(entry.fold).toEqual([{ executionId: 'row-99000', reason: 'misfire' }])
    expect(entry.keep).toEqual([{ executionId: 'row-6000', missed: { count: 1, from: NOW - 6_000, to: NOW - 6_000 } }])
  })

  it('rule 4: no span reaches across a tick that runs, and a pause ends one', () => {
    const pauses = [{ from: NOW - 9_000, until: NOW - 7_000, by: null, note: null }]
    const { entry } = plan({
      spec: { misfire: { policy: 'all', withinMs: 86_400_000, max: 3 } },
      state: { plannedUntil: NOW - 14_000, pauses },
      until: NOW - 5_500,
    })
    expect(spansOf(entry)).toEqual(['misfire -13000..-11000 (3)', 'paused -9000..-8000 (2)'])
    expect(entry.executions.map(({ scheduledFor }) => (scheduledFor as number) - NOW)).toEqual([
      -10_000, -7_000, -6_000,
    ])
  })

  it('rule 11: misfire all goes on in the next step where one was full, and runs no more than max in the end', () => {
    const misfire = { policy: 'all', withinMs: 86_400_000, max: 10 } as const
    let plannedUntil = NOW - 60_000
    const ran: number[] = []
    for (let step = 0; step < 5; step++) {
      const { entry, isComplete } = plan({
        spec: { misfire },
        state: { plannedUntil },
        maxTicks: 4,
        until: NOW - 5_500,
      })
      ran.push(...entry.executions.map(({ scheduledFor }) => (scheduledFor as number) - NOW))
      plannedUntil = entry.plannedUntil
      if (isComplete) break
    }
    expect(plannedUntil).toBe(NOW - 5_500)
    expect(ran).toEqual([-15, -14, -13, -12, -11, -10, -9, -8, -7, -6].map((seconds) => seconds * SECOND))
  })

  it('rule 4: a step ends among ticks that are too old before it blocks the event loop, and loses none', () => {
    let plannedUntil = NOW - 30_000_000
    let count = 0
    let steps = 0
    for (;;) {
      const { entry, isComplete } = plan({
        spec: { misfire: { policy: 'skip', withinMs: 0, max: 1 } },
        state: { plannedUntil },
      })
      count += entry.spans.reduce((sum, span) => sum + span.count, 0)
      plannedUntil = entry.plannedUntil
      steps++
      if (isComplete) break
    }
    expect(steps).toBe(3)
    expect(count).toBe(29_994)
  })
})

describe('jobs without a handler', () => {
  it('rule 7: while a job is absent its late ticks are neither planned nor judged', () => {
    const given = { state: { plannedUntil: NOW - 60_000 }, lateTicks: late(-61_000), hasLiveHandler: false }
    const { entry, isComplete } = plan(given)
    expect(isComplete).toBe(true)
    expect(entry).toMatchObject({ plannedUntil: NOW - 60_000, executions: [], spans: [], fold: [], keep: [] })
    expect(entry.nextTickAt).toBe(NOW - 59_000)
  })

  it('rule 7: rows that fell due stay without verdict until it returns', () => {
    const pauses = [{ from: NOW - 70_000, until: NOW - 50_000, by: null, note: null }]
    const { entry } = plan({ lateTicks: late(-61_000), hasLiveHandler: false, state: { pauses } })
    expect(entry).toMatchObject({ fold: [], keep: [], pauses, plannedUntil: NOW + HORIZON })
  })

  it('rule 7: on return ticks too old to run had no handler, the latest runs', () => {
    const { entry } = plan({
      spec: { misfire: { policy: 'once', withinMs: 10_000, max: 1 } },
      state: { plannedUntil: NOW - 20_000, absentSince: NOW - 15_000 },
      until: NOW - 5_500,
    })
    expect(spansOf(entry)).toEqual([
      'misfire -19000..-16000 (4)',
      'no-handler -15000..-11000 (5)',
      'coalesced -10000..-7000 (4)',
    ])
    expect(entry.executions).toHaveLength(1)
  })
})

describe('late rows that were not all read', () => {
  const rows = late(-12_000, -11_000, -10_000)

  it('rule 11: the one that would run waits for those behind it', () => {
    const { entry, isComplete } = plan({ lateTicks: rows, maxLateTicks: 3, state: { plannedUntil: NOW - 9_000 } })
    expect(isComplete).toBe(false)
    expect(entry).toMatchObject({
      plannedUntil: NOW - 9_000,
      nextTickAt: NOW - 8_000,
      executions: [],
      spans: [],
      keep: [],
    })
    expect(entry.fold.map(({ executionId }) => executionId)).toEqual(['row-12000', 'row-11000'])
  })

  it('rule 11: where none folds all run, so that the next step sees others', () => {
    const { entry } = plan({
      lateTicks: rows,
      maxLateTicks: 3,
      spec: { misfire: { policy: 'all', withinMs: 60_000, max: 5 } },
    })
    expect(entry.keep).toHaveLength(3)
  })
})

it('rule 4: step by step every tick gets one verdict: runs and spans add up, in order and apart', () => {
  const misfire = fc.record({
    policy: fc.constantFrom('skip', 'once', 'all'),
    withinMs: fc.integer({ min: 0, max: 200_000 }),
    max: fc.integer({ min: 1, max: 30 }),
  })
  const pause = fc
    .tuple(fc.integer({ min: -150_000, max: 0 }), fc.option(fc.nat({ max: 90_000 })))
    .map(([from, length]) => ({
      from: NOW + from,
      until: length === null ? null : NOW + from + length,
      by: null,
      note: null,
    }))
  fc.assert(
    fc.property(
      misfire,
      fc.array(pause, { maxLength: 2 }),
      fc.option(fc.integer({ min: NOW - 120_000, max: NOW })),
      fc.integer({ min: 100, max: 9_000 }),
      fc.integer({ min: 0, max: 120_000 }),
      fc.integer({ min: 1, max: 40 }),
      (policy, pauses, absentSince, everyMs, outageMs, maxTicks) => {
        const triggers = [{ kind: 'every', everyMs, anchor: 0 }] as const
        const start = NOW - outageMs
        let state: Partial<JobState> = { plannedUntil: start, pauses, absentSince }
        const ran: number[] = []
        const spans: PlanEntry['spans'][number][] = []
        for (;;) {
          const { entry, isComplete } = plan({ spec: { misfire: policy, triggers }, state, maxTicks })
          expect(entry.executions.length).toBeLessThanOrEqual(maxTicks)
          ran.push(...entry.executions.map(({ scheduledFor }) => scheduledFor as number))
          spans.push(...entry.spans)
          state = { ...state, plannedUntil: entry.plannedUntil, pauses: entry.pauses }
          if (isComplete) break
        }
        const all = [...ticksBetween(triggers, 'job', start, NOW + HORIZON)]
        const inSpans = spans.flatMap(({ from, to, count }) => {
          const covered = all.filter((tick) => tick >= from && tick <= to)
          expect(covered).toHaveLength(count)
          return covered
        })
        expect([...ran, ...inSpans].toSorted((a, b) => a - b)).toEqual(all)
      },
    ),
    { numRuns: 300 },
  )
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LAST_INSTANT_MS } from '../../src/trigger/instant.ts'
import { nextTick, ticksBetween } from '../../src/trigger/next-tick.ts'
import { spreadFraction } from '../../src/cron/pattern/spread.ts'
import type { TriggerSpec } from '../../src/trigger/trigger-spec.ts'

const every = (everyMs: number, more: object = {}): TriggerSpec => ({ kind: 'every', everyMs, anchor: 0, ...more })
const ticks = (triggers: readonly TriggerSpec[], after: number, until: number): number[] => [
  ...ticksBetween(triggers, 'job', after, until),
]

describe('rule 2: a tick is an instant', () => {
  it('rule 2: every counts from its anchor, also before it', () => {
    expect(ticks([every(1_000)], 0, 3_000)).toEqual([1_000, 2_000, 3_000])
    expect(ticks([every(1_000, { anchor: 300 })], -2_000, 1_000)).toEqual([-1_700, -700, 300])
    expect(nextTick([every(7_000, { anchor: 1 })], 'job', 1_700_000_000_000)).toBe(1_700_000_003_001 - 2_000)
  })

  it('rule 2: triggers that agree on an instant make one tick', () => {
    const triggers: TriggerSpec[] = [every(2_000), every(3_000), { kind: 'at', instants: [3_500, 6_000] }]
    expect(ticks(triggers, 0, 6_000)).toEqual([2_000, 3_000, 3_500, 4_000, 6_000])
  })

  it('rule 2: a job without triggers, or whose instants are over, has no next tick', () => {
    expect(nextTick([], 'job', 0)).toBeNull()
    expect(nextTick([{ kind: 'at', instants: [5] }], 'job', 5)).toBeNull()
    expect(nextTick([{ kind: 'at', instants: [5] }], 'job', 4)).toBe(5)
    expect(nextTick([every(1_000)], 'job', LAST_INSTANT_MS)).toBeNull()
  })
})

describe('bounds', () => {
  it('from and until are inclusive, except leaves instants out', () => {
    const trigger = every(1_000, { from: 2_000, until: 6_000, except: [3_000, 4_000, 4_500] })
    expect(ticks([trigger], 0, 99_000)).toEqual([2_000, 5_000, 6_000])
    expect(nextTick([trigger], 'job', 6_000)).toBeNull()
  })

  it('bounds hold for cron as well', () => {
    const trigger: TriggerSpec = {
      kind: 'cron',
      pattern: '0 * * * *',
      timezone: 'UTC',
      except: [7_200_000],
      until: 10_800_000,
    }
    expect(ticks([trigger], 0, 99_000_000)).toEqual([3_600_000, 10_800_000])
  })

  it('spread moves all ticks of a job by one offset below its length, another for another job', () => {
    const trigger = every(60_000, { spreadMs: 30_000, except: [120_000] })
    const first = ticks([trigger], 0, 300_000)
    const offset = (first[0] as number) % 60_000
    expect(offset).toBe(Math.floor(spreadFraction('job') * 30_000))
    expect(first.map((tick) => tick - offset)).toEqual(first.length === 4 ? [0, 60_000, 180_000, 240_000] : [])
    expect(nextTick([trigger], 'other-job', 0)).not.toBe(first[0])
  })

  it('spread fills its range evenly over names that differ in their last letters', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 10_000; index++) {
      const tenth = Math.floor(spreadFraction(`reports.daily-${index}`) * 10)
      tenths[tenth] = (tenths[tenth] as number) + 1
    }
    expect(Math.min(...tenths)).toBeGreaterThan(850)
    expect(Math.max(...tenths)).toBeLessThan(1_150)
  })
})

const instant = fc.integer({ min: -4_000_000_000_000, max: 4_000_000_000_000 })
const bounds = fc.record(
  {
    spreadMs: fc.integer({ min: 0, max: 86_400_000 }),
    from: instant,
    except: fc.array(instant, { maxLength: 5 }).map((list) => [...new Set(list)].toSorted((a, b) => a - b)),
  },
  { requiredKeys: [] },
)
const anyEvery = fc
  .tuple(fc.integer({ min: 100, max: 10_000_000_000 }), instant, bounds)
  .map(([everyMs, anchor, more]): TriggerSpec => ({ kind: 'every', everyMs, anchor, ...more }))
const anyCron = fc
  .tuple(
    fc.constantFrom(
      '* * * * *',
      '30 2 * * *',
      '*/15 1-3 * * *',
      '0 0 L * *',
      '0 9 * * 1-5',
      '0 0 29 2 *',
      '10 5 0 1 1 *',
    ),
    fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'America/Havana', 'Africa/Casablanca'),
    bounds,
  )
  .map(([pattern, timezone, more]): TriggerSpec => ({ kind: 'cron', pattern, timezone, ...more }))
const anyAt = fc
  .array(instant, { minLength: 1, maxLength: 20 })
  .map((list): TriggerSpec => ({ kind: 'at', instants: [...new Set(list)].toSorted((a, b) => a - b) }))

describe('properties', () => {
  it('the next tick is strictly later, and no tick lies between it and the question', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyEvery, anyCron, anyAt), { minLength: 1, maxLength: 3 }),
        instant,
        (triggers, after) => {
          const tick = nextTick(triggers, 'job', after)
          if (tick === null) return
          expect(tick).toBeGreaterThan(after)
          expect(nextTick(triggers, 'job', after + Math.floor((tick - after - 1) / 2))).toBe(tick)
          expect(nextTick(triggers, 'job', tick - 1)).toBe(tick)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('every agrees with counting one by one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 5_000 }), instant, instant, (everyMs, anchor, after) => {
        const found = ticks([every(everyMs, { anchor })], after, after + 20_000)
        const counted = Array.from({ length: 20_000 }, (_, index) => after + 1 + index).filter(
          (ms) => (ms - anchor) % everyMs === 0,
        )
        expect(found).toEqual(counted)
      }),
      { numRuns: 100 },
    )
  })
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { every } from '../../src/trigger/trigger.ts'
import { JOB, LedgerBench, MINUTE, NAMESPACE, START } from './ledger-bench.ts'

const INTERVALS = [1, 2, 3] as const

const COMING = ['planned', 'scheduled']
const RAN = ['scheduled', 'succeeded', 'failed']
const PAST = [...RAN, 'pending', 'paused', 'misfire', 'coalesced', 'no-handler']

type Step =
  | { readonly kind: 'wait'; readonly halfMinutes: number }
  | { readonly kind: 'register'; readonly minutes: (typeof INTERVALS)[number] }
  | { readonly kind: 'plan'; readonly aheadMinutes: number }
  | { readonly kind: 'run' | 'fail' | 'pause' | 'resume' | 'leave' | 'retire' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), halfMinutes: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ kind: fc.constant('register' as const), minutes: fc.constantFrom(...INTERVALS) }),
  fc.record({ kind: fc.constant('plan' as const), aheadMinutes: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constantFrom('run', 'fail', 'pause', 'resume', 'leave', 'retire' as const) }),
)

/** What the stored revisions say, worked out minute by minute. */
async function bruteForce(bench: LedgerBench, toMinute: number): Promise<number[]> {
  const revisions = await bench.store.revisions(NAMESPACE, JOB, 0, Number.MAX_SAFE_INTEGER)
  const ticks: number[] = []
  for (let instant = START; instant <= START + toMinute * MINUTE; instant += MINUTE / 2) {
    const isDue = revisions.some(({ effectiveFrom, effectiveUntil, spec }, index) => {
      const [trigger] = spec.triggers
      const isRetired = revisions
        .slice(index)
        .some((later) => later.effectiveUntil !== null && instant > later.effectiveUntil)
      const isInForce = instant > effectiveFrom && (effectiveUntil === null || instant <= effectiveUntil) && !isRetired
      return isInForce && trigger?.kind === 'every' && instant % trigger.everyMs === 0
    })
    if (isDue) ticks.push(instant)
  }
  return ticks
}

test('rule 4: whatever happens, each tick has exactly one verdict with a reason, and none of it is unknown', async () => {
  const histories = fc.constantFrom('all', 'none', 'failures' as const)
  const misfires = fc.constantFrom('skip', 'once', 'all' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      histories,
      misfires,
      async (steps, history, misfire) => {
        const bench = new LedgerBench()
        const register = (minutes: number): Promise<void> =>
          bench.register({ trigger: every(minutes * MINUTE), history, misfire })
        await register(1)
        let isHere = true
        for (const next of steps) {
          if (next.kind === 'wait') bench.now += next.halfMinutes * (MINUTE / 2)
          else if (next.kind === 'register') await register(next.minutes)
          else if (next.kind === 'plan') await bench.plan(bench.now + next.aheadMinutes * MINUTE)
          else if (next.kind === 'run' && isHere) await bench.run()
          else if (next.kind === 'fail' && isHere) await bench.run('failed')
          else if (next.kind === 'pause') await bench.pause()
          else if (next.kind === 'resume') await bench.resume()
          else if (next.kind === 'leave' && isHere) await bench.leave()
          else if (next.kind === 'retire') await bench.store.retire(NAMESPACE, JOB)
          bench.now += 1 // retired and back within one millisecond cannot be told from replaced
          if (next.kind === 'register') isHere = true
          if (next.kind === 'leave') isHere = false
        }
        const until = Math.ceil((bench.now - START) / MINUTE) + 10
        const ticks = await bench.ticks(START - 10 * MINUTE, START + until * MINUTE)
        expect(ticks.map(({ scheduledFor }) => scheduledFor)).toEqual(await bruteForce(bench, until))
        for (const tick of ticks) {
          expect(tick.scheduledFor > bench.now ? COMING : PAST).toContain(tick.verdict)
          expect(tick.because).toMatch(/^[A-Z].+\.$/)
        }
        const limit = Math.ceil((ticks.length + 1) / 2)
        expect(await bench.ticks(START - 10 * MINUTE, START + until * MINUTE, { limit })).toEqual(ticks.slice(0, limit))
      },
    ),
    { numRuns: 300 },
  )
})

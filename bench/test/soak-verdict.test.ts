import { expect, test } from 'vitest'
import type { SoakNote } from '../soak/soak-history.ts'
import type { SoakSetting } from '../soak/soak-setting.ts'
import type { SoakWitness } from '../soak/attempt-run.ts'
import type { DatabaseFault } from '../soak/database-moves.ts'
import type { LedgerEntry, SoakLedger } from '../soak/soak-ledger.ts'
import { judgeSoak, type SoakVerdict } from '../soak/soak-verdict.ts'

const setting: SoakSetting = {
  database: { kind: 'sqlite', url: '' },
  jobs: 1,
  from: 1_000,
  until: 2_000,
  leaseMs: 5_000,
  horizonMs: 3_000,
  longestHandlerMs: 3_000,
}

const lease = (instance: string, at: number): SoakNote => ({ kind: 'lease', at, instance, until: at + 5_000 })
const started = (instance: string, at: number, tick: number, fence = 1): SoakNote[] => {
  const run = { at, job: 'soak-0', tick, execution: `e${tick}`, fence: String(fence), instance }
  return [
    { kind: 'claimed', ...run },
    { kind: 'started', ...run },
  ]
}
const done = (instance: string, at: number, tick: number, fence = 1): SoakNote => ({
  kind: 'done',
  at,
  execution: `e${tick}`,
  fence: String(fence),
  instance,
})
const witness = (name: string, notes: SoakNote[], killedAt: number | null = null): SoakWitness => ({
  name,
  notes,
  killedAt,
  stoppedAt: null,
})
const entries = (...ticks: number[]): LedgerEntry[] =>
  ticks.map((tick) => ({ id: `e${tick}`, job: 'soak-0', tick, status: 'succeeded' }))
/** Each tick was settled once, under this fence. */
const ledger = (ticks: readonly LedgerEntry[], fences: Readonly<Record<string, number>> = {}): SoakLedger => {
  const ids = [...new Set(ticks.map(({ id }) => id))]
  const attempts = ids.map((id) => ({ execution: id, fence: String(fences[id] ?? 1), outcome: 'succeeded' }))
  return { ticks, attempts, successes: new Map([['soak-0', ids.length]]) }
}
const whole = ledger(entries(1_000, 2_000))
const again = ledger(entries(1_000, 2_000), { e1000: 2 })
const judge = (witnesses: SoakWitness[], given: SoakLedger, faults: DatabaseFault[] = []): SoakVerdict =>
  judgeSoak({ setting, witnesses, ledger: given, faults })

const firstTick = [lease('a', 0), ...started('a', 1_001, 1_000), done('a', 1_500, 1_000)]
const secondTick = [...started('a', 2_001, 2_000), done('a', 2_500, 2_000)]
const healthy = witness('a', [...firstTick, ...secondTick])

test('finds nothing where all is well', () => {
  expect(judge([healthy], whole)).toMatchObject({ problems: [], ticks: 2, attempts: 2 })
})

test('finds a tick that was lost, one that has two executions, and one that nobody ran', () => {
  expect(judge([healthy], ledger(entries(1_000))).problems).toEqual(['soak-0@2000 has 0 executions'])
  expect(judge([healthy], ledger(entries(1_000, 2_000, 2_000))).problems).toEqual(['soak-0@2000 has 2 executions'])
  expect(judge([witness('a', firstTick)], whole).problems).toEqual([
    'soak-0@2000 was run by 0 executions',
    'soak-0@2000: no handler saw its execution e2000',
    'e2000: nobody brought the result of fence 1',
  ])
})

test('what has killed so many processes that it is given up is not waited for, and what has killed fewer is', () => {
  const deaths = (count: number): SoakWitness[] =>
    Array.from({ length: count }, (_, n) => {
      const [instance, at] = [`p${n}`, 1_001 + n * 10_000]
      return witness(instance, [lease(instance, at - 1), ...started(instance, at, 1_000, n + 1)], at + 100)
    })
  const crashed = ledger([{ id: 'e1000', job: 'soak-0', tick: 1_000, status: 'failed' }, ...entries(2_000)])
  const rest = witness('a', [lease('a', 0), ...secondTick])
  const problemsOf = (count: number): readonly string[] =>
    judge([...deaths(count), rest], crashed).problems.filter((problem) => problem.includes('Infinity'))
  expect(problemsOf(3)).toEqual([])
  expect(problemsOf(2)).toEqual(['p1, killed: its work was running again only after Infinity ms'])
})

test('finds a result that was stored twice, one that a newer attempt had made stale, and a success counted twice', () => {
  const twice = { ...whole, attempts: [...whole.attempts, ...whole.attempts.slice(0, 1)] }
  expect(judge([healthy], twice).problems).toEqual(['e1000 was settled 2 times'])
  const later = witness('b', [lease('b', 1_600), ...started('b', 1_700, 1_000, 2), done('b', 1_800, 1_000, 2)])
  expect(judge([healthy, later], whole).problems).toEqual(['e1000: fence 2 began, and 1 was settled'])
  expect(judge([healthy], { ...whole, successes: new Map([['soak-0', 3]]) }).problems).toEqual([
    'soak-0: statistics have 3 successes, and the ledger 2',
  ])
})

test('lets an execution fail whose processes died three times, and no other', () => {
  const failed = entries(1_000).map((entry) => ({ ...entry, status: 'failed' }))
  const given = {
    ...ledger(entries(2_000)),
    ticks: [...failed, ...entries(2_000)],
    successes: new Map([['soak-0', 1]]),
  }
  const dying = (count: number): SoakWitness[] =>
    Array.from({ length: count }, (_, index) =>
      witness(
        `p${index}`,
        [lease(`p${index}`, 0), ...started(`p${index}`, 1_001 + index * 6_000, 1_000, index + 1)],
        0,
      ),
    )
  const living = witness('a', [lease('a', 0), ...secondTick])
  expect(judge([...dying(3), living], given).problems).toEqual([])
  expect(judge([...dying(2), living], given).problems).toEqual(['soak-0@1000 is failed'])
})

test('finds an attempt that began within the lease of the one before, or under an older fence', () => {
  const dead = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const early = witness('b', [lease('b', 0), ...started('b', 4_000, 1_000, 2), done('b', 4_100, 1_000, 2)])
  expect(judge([dead, early], again).problems).toEqual([
    'e1000: b (fence 2) began 1000 ms before a (fence 1) had lost its lease',
  ])
  const stale = witness('b', [lease('b', 4_000), ...started('b', 5_000, 1_000, 0), done('b', 5_100, 1_000, 0)])
  expect(judge([dead, stale], whole).problems).toContain('e1000: b (fence 0) came after a (fence 1)')
  const later = witness('b', [lease('b', 4_000), ...started('b', 5_000, 1_000, 2), done('b', 5_100, 1_000, 2)])
  expect(judge([dead, later], again).problems).toEqual([])
})

test('finds work of a dead process that was taken over too late, counted while the database answered', () => {
  const dead = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const late = witness('b', [lease('b', 10_000), ...started('b', 13_500, 1_000, 2), done('b', 13_600, 1_000, 2)])
  const verdict = judge([dead, late], again)
  expect(verdict.problems).toEqual(['a, killed: its work was running again only after 10500 ms'])
  expect(verdict.disturbances).toMatchObject([{ name: 'a', kind: 'killed', inFlight: 1, recoveredMs: 10_500 }])
  const away: DatabaseFault = { what: 'freeze', from: 2_000, until: 8_000 }
  expect(judge([dead, late], again, [away]).disturbances).toMatchObject([{ recoveredMs: 5_500 }])
})

test('does not wait for what a process had lost before it died, though its handler still ran', () => {
  const notes = [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick]
  const dead = witness('a', notes, 8_000)
  const successor = witness('b', [lease('b', 4_000), ...started('b', 6_000, 1_000, 2), done('b', 6_100, 1_000, 2)])
  const verdict = judge([dead, successor], again)
  expect(verdict.problems).toEqual([])
  expect(verdict.disturbances).toMatchObject([{ recoveredMs: null }])
})

test('judges what a process had claimed and not started when it died by that death, not by the one before', () => {
  const first = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const [claimed] = started('b', 8_000, 1_000, 2) as [SoakNote]
  const second = witness('b', [lease('b', 7_000), claimed], 8_001)
  const third = witness('c', [lease('c', 14_000), ...started('c', 14_500, 1_000, 3), done('c', 14_600, 1_000, 3)])
  const verdict = judge([first, second, third], ledger(entries(1_000, 2_000), { e1000: 3 }))
  expect(verdict.problems).toEqual([])
  expect(verdict.disturbances.map(({ recoveredMs }) => recoveredMs)).toEqual([null, 6_499])
})

test('measures throughput around a fault by the handlers that were called', () => {
  const ticks = Array.from({ length: 30 }, (_, index) => 1_000 * (index + 1))
  const fault: DatabaseFault = { what: 'crash', from: 12_100, until: 14_200 }
  // Ten jobs a second; those of the fault and of the second after it start two seconds after it.
  const startOf = (tick: number): number => (tick > 12_000 && tick < 16_000 ? 16_300 : tick + 5)
  const runs = ticks.flatMap((tick) =>
    Array.from({ length: 10 }, (_, index) => started('a', startOf(tick), tick * 100 + index)).flat(),
  )
  const judgeTen = (notes: SoakNote[]): SoakVerdict =>
    judgeSoak({ setting: { ...setting, jobs: 10 }, witnesses: [witness('a', notes)], ledger: whole, faults: [fault] })
  const [comeback] = judgeTen([lease('a', 0), ...runs]).comebacks
  expect(comeback).toMatchObject({ what: 'crash', before: 10, during: 0, backMs: 16_005 + 1_000 - 14_200 })
  expect(judgeTen([lease('a', 0), ...runs.slice(0, 200)]).problems).toContain(
    'crash: only after Infinity ms nine tenths of 10 starts a second',
  )
})

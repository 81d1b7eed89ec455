import { expect, test } from 'vitest'
import type { SoakNote } from '../soak/soak-history.ts'
import { judgeSoak, type LedgerEntry, type SoakWitness } from '../soak/soak-verdict.ts'

const setting = {
  database: '',
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
})
const ledger = (...ticks: number[]): LedgerEntry[] =>
  ticks.map((tick) => ({ id: `e${tick}`, job: 'soak-0', tick, status: 'succeeded' }))

const firstTick = [lease('a', 0), ...started('a', 1_001, 1_000), done('a', 1_500, 1_000)]
const secondTick = [...started('a', 2_001, 2_000), done('a', 2_500, 2_000)]
const healthy = witness('a', [...firstTick, ...secondTick])

test('finds nothing where all is well', () => {
  expect(judgeSoak(setting, [healthy], ledger(1_000, 2_000))).toMatchObject({ problems: [], ticks: 2, attempts: 2 })
})

test('finds a tick that was lost, one that has two executions, and one that nobody ran', () => {
  expect(judgeSoak(setting, [healthy], ledger(1_000)).problems).toEqual(['soak-0@2000 has 0 executions'])
  expect(judgeSoak(setting, [healthy], ledger(1_000, 2_000, 2_000)).problems).toEqual(['soak-0@2000 has 2 executions'])
  const idle = witness('a', firstTick)
  expect(judgeSoak(setting, [idle], ledger(1_000, 2_000)).problems).toEqual([
    'soak-0@2000 was run by 0 executions',
    'soak-0@2000: no handler saw its execution e2000',
  ])
})

test('finds an attempt that began within the lease of the one before, or under an older fence', () => {
  const dead = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const early = witness('b', [lease('b', 0), ...started('b', 4_000, 1_000, 2), done('b', 4_100, 1_000, 2)])
  expect(judgeSoak(setting, [dead, early], ledger(1_000, 2_000)).problems).toEqual([
    'e1000: b (fence 2) began 1000 ms before a (fence 1) had lost its lease',
  ])
  const stale = witness('b', [lease('b', 4_000), ...started('b', 5_000, 1_000, 0), done('b', 5_100, 1_000, 0)])
  expect(judgeSoak(setting, [dead, stale], ledger(1_000, 2_000)).problems).toContain(
    'e1000: b (fence 0) came after a (fence 1)',
  )
  const later = witness('b', [lease('b', 4_000), ...started('b', 5_000, 1_000, 2), done('b', 5_100, 1_000, 2)])
  expect(judgeSoak(setting, [dead, later], ledger(1_000, 2_000)).problems).toEqual([])
})

test('finds work of a dead process that was taken over too late', () => {
  const dead = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const late = witness('b', [lease('b', 10_000), ...started('b', 13_500, 1_000, 2), done('b', 13_600, 1_000, 2)])
  const verdict = judgeSoak(setting, [dead, late], ledger(1_000, 2_000))
  expect(verdict.problems).toEqual(['a, killed: its work was running again only after 10500 ms'])
  expect(verdict.disturbances).toMatchObject([{ name: 'a', kind: 'killed', inFlight: 1, recoveredMs: 10_500 }])
})

test('judges what a process had claimed and not started when it died by that death, not by the one before', () => {
  const first = witness('a', [lease('a', 0), ...started('a', 1_001, 1_000), ...secondTick], 3_000)
  const [claimed] = started('b', 8_000, 1_000, 2) as [SoakNote]
  const second = witness('b', [lease('b', 7_000), claimed], 8_001)
  const third = witness('c', [lease('c', 14_000), ...started('c', 14_500, 1_000, 3), done('c', 14_600, 1_000, 3)])
  const verdict = judgeSoak(setting, [first, second, third], ledger(1_000, 2_000))
  expect(verdict.problems).toEqual([])
  expect(verdict.disturbances.map(({ recoveredMs }) => recoveredMs)).toEqual([null, 6_499])
})

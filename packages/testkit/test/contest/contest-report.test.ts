import type { HistoryEvent } from '@escapement/testkit'
import { expect, test } from 'vitest'
import type { ContestFault } from '../../src/contest/contest-fault.ts'
import { type ContestEvidence, contestReport, type HappenedFault } from '../../src/contest/contest-report.ts'

const KEY = 'key'
const [FAULT_FROM, FAULT_UNTIL] = [100, 200]

function fault(wrong: Partial<ContestFault> = {}): ContestEvidence['happened'] {
  const happen = (): Promise<void> => Promise.resolve()
  return [{ fault: { name: 'it happened', happen, ...wrong }, from: FAULT_FROM, until: FAULT_UNTIL }]
}

function lease(owner: string, fence: number, from: number, to: number): HistoryEvent[] {
  return [
    { type: 'granted', key: KEY, owner, fence: String(fence), askedAt: 0, at: from },
    { type: 'held', key: KEY, owner, at: to },
  ]
}

function write(fence: number, place: number | null): HistoryEvent {
  return { type: 'written', key: KEY, fence: String(fence), place, at: 50 }
}

/** A contest in which nothing was wrong. */
const right: ContestEvidence = {
  history: [...lease('a', 1, 10, 90), ...lease('b', 2, 230, 240), write(1, 1)],
  complaints: [],
  happened: fault(),
  keys: [KEY],
  hasQuarantine: false,
  longestWaitMs: 40,
}

function findings(changes: Partial<ContestEvidence>): readonly string[] {
  return contestReport({ ...right, ...changes }).findings
}

test('a contest in which all was right has figures and no findings', () => {
  expect(contestReport(right)).toEqual({
    leases: 2,
    appliedWrites: 1,
    refusedWrites: 0,
    faults: [{ name: 'it happened', tookMs: 100, longestWaitMs: 140, longestQuietWaitMs: 40 }],
    findings: [],
  })
})

test('what a process complained of is a finding', () => {
  expect(findings({ complaints: ['out of memory'] })).toEqual(['out of memory'])
})

test('what the history shows is a finding, with the fault before it', () => {
  const history = [...right.history, ...lease('c', 3, 235, 250)]
  expect(findings({ history })).toEqual([
    'key, overlap: fence 2 was still relied on 5.0 ms after fence 3 was granted, 135 ms after this: it happened',
  ])
})

test('a loss of data excuses an overlap, but not in quarantine', () => {
  const lost = {
    history: [...lease('a', 1, 10, 250), ...lease('b', 2, 230, 240), write(1, 1)],
    happened: fault({ losesData: true }),
  }
  expect(findings(lost)).toEqual([])
  expect(findings({ ...lost, hasQuarantine: true })).toHaveLength(1)
  expect(findings({ ...lost, happened: fault() })).toHaveLength(1)
})

test('a key that is free for too long after a fault is a finding', () => {
  expect(findings({ longestWaitMs: 39 })).toEqual(['a key was free for 40 ms after it happened'])
})

test('a wait is put down to the fault that began it, also when another came in between', () => {
  const [first, second] = [...fault({ name: 'first' }), ...fault({ name: 'second' })] as [HappenedFault, HappenedFault]
  const happened = [first, { ...second, from: 210, until: 220 }]
  const { faults } = contestReport({ ...right, happened })
  expect(faults).toMatchObject([
    { name: 'first', longestWaitMs: 140, longestQuietWaitMs: 30 },
    { name: 'second', longestWaitMs: 0, longestQuietWaitMs: 0 },
  ])
})

test('a key that nobody is granted any more is a finding', () => {
  expect(findings({ keys: [KEY, 'other'] })).toEqual(['other was granted to nobody after the last fault'])
})

test('a contest without applied writes, or without the refused one of a holder that was overtaken, is a finding', () => {
  expect(findings({ history: right.history.slice(0, -1) })).toEqual(['no guarded write was applied'])
  const happened = fault({ overtakes: true })
  expect(findings({ happened })).toEqual(['no write of a holder that was overtaken came late and was refused'])
  expect(findings({ happened, history: [...right.history, write(1, null)] })).toEqual([])
})

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
  ttlMs: 100,
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
    failedWrites: 0,
    handOffMs: null,
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
  expect(findings({ ...lost, ttlMs: 49 })).toHaveLength(1)
})

test('a write that failed is a finding, unless something has happened to the server shortly before or meanwhile', () => {
  const failed = (from: number, at: number): HistoryEvent[] => [
    ...right.history,
    { type: 'write-failed', key: KEY, fence: '1', from, at, problem: 'Error: away' },
  ]
  const finding = expect.stringMatching(/^a write of key failed: Error: away/)
  for (const [from, at] of [
    [90, 110],
    [150, 150],
    [200, 300],
    [240, 300],
  ] as const) {
    expect(contestReport({ ...right, history: failed(from, at) })).toMatchObject({ failedWrites: 1, findings: [] })
    expect(findings({ history: failed(from, at), happened: fault({ sparesServer: true }) })).toEqual([finding])
  }
  expect(findings({ history: failed(80, 99) })).toEqual([finding])
  expect(findings({ history: failed(241, 250) })).toEqual([finding])
})

test('a key that is free for too long after a fault is a finding', () => {
  expect(findings({ longestWaitMs: 39 })).toEqual(['a key was free for 40 ms after it happened'])
})

test('a key that was free for too long before anything happened is a finding', () => {
  const history = [...lease('a', 1, 51, 90), ...right.history.slice(2)]
  expect(findings({ history })).toEqual(['key was free for 51 ms before anything happened'])
  expect(findings({ history, longestWaitMs: 51 })).toEqual([])
})

test('keys that are mostly handed on late are a finding, also when none is for long', () => {
  const handedOn = (afterMs: number): HistoryEvent[] =>
    Array.from({ length: 30 }, (_, index): HistoryEvent[] => {
      const [owner, from] = [`owner ${index}`, 300 + index * 50]
      const late = index % 3 === 0 ? 1 : afterMs
      return [...lease(owner, index + 10, from, from + 50 - late), { type: 'released', key: KEY, owner, at: from }]
    }).flat()
  const [slow, fast] = [handedOn(21), handedOn(20)].map((events) => [...right.history, ...events])
  expect(contestReport({ ...right, history: fast ?? [], ttlMs: 40, longestWaitMs: 100 })).toMatchObject({
    handOffMs: 20,
    findings: [],
  })
  expect(findings({ history: slow ?? [], ttlMs: 40, longestWaitMs: 100 })).toEqual([
    'half of the keys that were given back were free for 21 ms while they were wanted',
  ])
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

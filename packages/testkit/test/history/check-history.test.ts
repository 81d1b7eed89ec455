import { checkHistory, type DataLoss, type HistoryEvent } from '@escapement/testkit'
import { describe, expect, test } from 'vitest'

const KEY = 'key'

/** A lease that was asked for at 0 unless said otherwise, handed out at `from`, and relied on until `to`. */
function lease(owner: string, fence: number, from: number, to: number, askedAt: number = 0): HistoryEvent[] {
  return [
    { type: 'granted', key: KEY, owner, fence: String(fence), askedAt, at: from },
    { type: 'held', key: KEY, owner, at: to },
  ]
}

function write(fence: number, place: number | null, at: number): HistoryEvent {
  return { type: 'written', key: KEY, fence: String(fence), place, at }
}

function kinds(history: readonly HistoryEvent[], losses: readonly DataLoss[] = []): string[] {
  return checkHistory(history, { losses }).findings.map(({ kind }) => kind)
}

describe('in a history', () => {
  test('leases one after the other with growing fences are found to be right, in whatever order they were noted', () => {
    const history = [...lease('a', 1, 10, 20), ...lease('b', 2, 30, 40), ...lease('c', 9, 41, 41)]
    const report = checkHistory(history.toReversed())
    expect(report).toMatchObject({ leases: 3, appliedWrites: 0, refusedWrites: 0, findings: [] })
    expect(checkHistory([])).toEqual({
      leases: 0,
      appliedWrites: 0,
      refusedWrites: 0,
      failedWrites: [],
      waits: [],
      findings: [],
    })
  })

  test('a holder that relies on its lease after the next grant is found, and which they are', () => {
    expect(checkHistory([...lease('a', 1, 10, 30), ...lease('b', 2, 20, 25)]).findings).toEqual([
      { kind: 'overlap', key: KEY, at: 20, message: 'fence 1 was still relied on 10.0 ms after fence 2 was granted' },
    ])
    expect(kinds([...lease('a', 1, 10, 20), ...lease('b', 2, 20, 25)])).toEqual(['overlap'])
  })

  test('a holder that is overtaken twice is found twice', () => {
    expect(kinds([...lease('a', 1, 10, 90), ...lease('b', 2, 20, 25), ...lease('c', 3, 30, 35)])).toEqual([
      'overlap',
      'overlap',
    ])
  })

  test('keys have nothing to do with each other', () => {
    const other = lease('b', 1, 15, 30).map((event) => ({ ...event, key: 'other' }))
    expect(kinds([...lease('a', 1, 10, 20), ...other])).toEqual([])
  })

  test('a signal that had not fired when the next lease was granted is found', () => {
    const unsignalled = (at: number): HistoryEvent => ({ type: 'unsignalled', key: KEY, owner: 'a', at })
    const next = lease('b', 2, 20, 25)
    expect(kinds([...lease('a', 1, 10, 12), unsignalled(19), ...next])).toEqual([])
    expect(kinds([...lease('a', 1, 10, 12), unsignalled(19), unsignalled(21), ...next])).toEqual(['late-signal'])
  })

  test('a fence that falls and a fence that is used twice are found', () => {
    expect(kinds([...lease('a', 5, 10, 20), ...lease('b', 4, 30, 40)])).toEqual(['fence-order'])
    expect(kinds([...lease('a', 5, 10, 20), ...lease('b', 5, 30, 40)])).toEqual(['fence-reused'])
    expect(kinds([...lease('a', 5, 10, 20), ...lease('b', 6, 30, 40), ...lease('c', 5, 50, 60)])).toEqual([
      'fence-reused',
    ])
  })

  test('fences are told apart where numbers are not', () => {
    const [before, after] = [lease('a', 0, 10, 20), lease('b', 0, 30, 40)]
    const fenced = (events: HistoryEvent[], fence: string): HistoryEvent[] =>
      events.map((event) => (event.type === 'granted' ? { ...event, fence } : event))
    const [less, more] = ['9007199254740992', '9007199254740993']
    expect(kinds([...fenced(before, less), ...fenced(after, more)])).toEqual([])
    expect(kinds([...fenced(before, more), ...fenced(after, less)])).toEqual(['fence-order'])
  })

  test('a write that was applied after one under a greater fence is found; refused ones are counted', () => {
    const inOrder = [write(1, 1, 10), write(2, 2, 20), write(1, null, 30), write(2, 3, 40)]
    expect(checkHistory(inOrder)).toMatchObject({ appliedWrites: 3, refusedWrites: 1, findings: [] })
    expect(kinds([...inOrder, write(1, 4, 50)])).toEqual(['write-order'])
  })

  test('how long a key was free while somebody wanted it is told for each grant', () => {
    const history = [
      ...lease('a', 1, 10, 20, 4),
      ...lease('b', 2, 50, 60, 40), // c had been waiting all the time
      ...lease('c', 3, 61, 70, 5),
      ...lease('d', 4, 90, 91, 88), // nobody wanted it before
    ]
    expect(checkHistory(history).waits.map(({ at, waitedMs }) => [at, waitedMs])).toEqual([
      [10, 6],
      [50, 30],
      [61, 1],
      [90, 2],
    ])
  })

  test('a wait that began when a holder gave the key back is told from others', () => {
    const history: HistoryEvent[] = [
      ...lease('a', 1, 10, 20, 10),
      { type: 'released', key: KEY, owner: 'a', at: 20 },
      ...lease('b', 2, 25, 30, 12),
      ...lease('c', 3, 50, 60, 12), // b let its lease end
      { type: 'released', key: KEY, owner: 'c', at: 60 },
      ...lease('d', 4, 80, 90, 70), // nobody wanted it when it was given back
    ]
    expect(checkHistory(history).waits.map(({ waitedMs, isAfterRelease }) => [waitedMs, isAfterRelease])).toEqual([
      [5, true],
      [20, false],
      [10, false],
    ])
  })

  test('a waiter that is told that a free key is held is found to have waited for it', () => {
    const refused = (askedAt: number, at: number): HistoryEvent => ({ type: 'refused', key: KEY, askedAt, at })
    const waitsOf = (history: readonly HistoryEvent[]): number[][] =>
      checkHistory(history).waits.map(({ at, waitedMs }) => [at, waitedMs])
    expect(waitsOf([...lease('a', 1, 10, 20, 10), refused(12, 100)])).toEqual([[100, 80]])
    expect(waitsOf([...lease('a', 1, 10, 100, 10), refused(12, 90)])).toEqual([])
    const between = [...lease('a', 1, 10, 20, 10), ...lease('b', 2, 60, 95, 59), refused(12, 100)]
    expect(waitsOf(between)).toEqual([
      [60, 40],
      [100, 5],
    ])
    expect(waitsOf([refused(0, 50)])).toEqual([[50, 50]])
  })

  test('writes that failed are told, with when and why', () => {
    const failed: HistoryEvent = { type: 'write-failed', key: KEY, fence: '1', from: 10, at: 20, problem: 'away' }
    expect(checkHistory([failed])).toMatchObject({
      appliedWrites: 0,
      refusedWrites: 0,
      failedWrites: [{ key: KEY, from: 10, at: 20, problem: 'away' }],
    })
  })

  describe('with a loss of data', () => {
    const losses = [{ from: 100, until: 110, leasesEndBy: 130 }]

    test('a lease from before may overlap with one from after, and with no other', () => {
      expect(kinds([...lease('a', 1, 90, 130), ...lease('b', 2, 120, 140)], losses)).toEqual([])
      expect(kinds([...lease('a', 1, 90, 130), ...lease('b', 2, 95, 140)], losses)).toEqual(['overlap'])
      expect(kinds([...lease('a', 1, 115, 130), ...lease('b', 2, 120, 140)], losses)).toEqual(['overlap'])
    })

    test('a lease from before may overlap for no longer than it can live', () => {
      expect(kinds([...lease('a', 1, 90, 131), ...lease('b', 2, 120, 140)], losses)).toEqual(['overlap'])
      expect(kinds([...lease('a', 1, 90, 240), ...lease('b', 2, 230, 250)], losses)).toEqual(['overlap'])
    })

    test('in quarantine that overlap is found, too, and writes are still counted anew', () => {
      const history = [...lease('a', 1, 90, 130), ...lease('b', 2, 120, 140), write(2, 1, 90), write(1, 2, 120)]
      const { findings } = checkHistory(history, { losses, hasQuarantine: true })
      expect(findings.map(({ kind }) => kind)).toEqual(['overlap'])
    })

    test('a signal may come late in the same case only', () => {
      const late = (from: number): HistoryEvent[] => [
        ...lease('a', 1, from, from),
        { type: 'unsignalled', key: KEY, owner: 'a', at: 130 },
        ...lease('b', 2, 120, 140),
      ]
      expect(kinds(late(90), losses)).toEqual([])
      expect(kinds(late(115), losses)).toEqual(['late-signal'])
    })

    test('fences must grow across it', () => {
      expect(kinds([...lease('a', 5, 90, 95), ...lease('b', 4, 120, 140)], losses)).toEqual(['fence-order'])
      expect(kinds([...lease('a', 5, 90, 95), ...lease('b', 5, 120, 140)], losses)).toEqual(['fence-reused'])
    })

    test('a resource that was lost, too, counts its writes anew', () => {
      expect(kinds([write(1, 1, 80), write(2, 2, 90), write(3, 1, 120), write(4, 2, 130)], losses)).toEqual([])
      expect(kinds([write(4, 1, 120), write(3, 2, 130)], losses)).toEqual(['write-order'])
      expect(kinds([write(4, 1, 105), write(3, 2, 106)], losses)).toEqual([])
    })
  })
})

import { describe, expect, it } from 'vitest'
import type { OverlapPolicy } from '../../src/job/job-spec.ts'
import { judgePunctualTicks } from '../../src/policy/overlap.ts'

const ticks = (...instants: number[]) =>
  instants.map((scheduledFor) => ({ executionId: `t${scheduledFor}`, scheduledFor }))
const punctual = (executionId: string) => ({ executionId, isPunctual: true })
const caughtUp = (executionId: string) => ({ executionId, isPunctual: false })

interface Row {
  readonly overlap: OverlapPolicy
  readonly open?: readonly string[]
  readonly waiting?: readonly ReturnType<typeof punctual>[]
  readonly keep: readonly string[]
  readonly fold?: readonly string[]
  readonly cancel?: readonly string[]
}

describe('overlap, for the ticks 1, 2 and 3 that are due together', () => {
  it.each<[string, Row]>([
    ['rule 11: skip runs the earliest of them', { overlap: 'skip', keep: ['t1'], fold: ['t2', 't3'] }],
    ['rule 12: skip runs none while one is open', { overlap: 'skip', open: ['a'], keep: [], fold: ['t1', 't2', 't3'] }],
    [
      'rule 11: skip runs none while one waits for a slot',
      { overlap: 'skip', waiting: [punctual('w')], keep: [], fold: ['t1', 't2', 't3'] },
    ],
    [
      'rule 11: skip runs none while caught-up ones wait their turn',
      { overlap: 'skip', waiting: [caughtUp('w'), caughtUp('x')], keep: [], fold: ['t1', 't2', 't3'] },
    ],
    [
      'rule 12: queue-one runs the first and keeps the next',
      { overlap: 'queue-one', keep: ['t1', 't2'], fold: ['t3'] },
    ],
    [
      'rule 12: queue-one keeps the earliest waiting tick beside an open one',
      { overlap: 'queue-one', open: ['a'], keep: ['t1'], fold: ['t2', 't3'] },
    ],
    [
      'rule 12: queue-one keeps the earlier waiting tick and drops later ones',
      { overlap: 'queue-one', open: ['a'], waiting: [punctual('w')], keep: [], fold: ['t1', 't2', 't3'] },
    ],
    [
      'rule 12: several open executions occupy a queue-one job once',
      { overlap: 'queue-one', open: ['a', 'b'], keep: ['t1'], fold: ['t2', 't3'] },
    ],
    [
      'rule 11: queue-all keeps all, whatever is open or waits',
      { overlap: 'queue-all', open: ['a'], waiting: [punctual('w')], keep: ['t1', 't2', 't3'] },
    ],
    ['rule 11: allow keeps all, whatever is open', { overlap: 'allow', open: ['a', 'b'], keep: ['t1', 't2', 't3'] }],
    [
      'rule 11: cancel-running keeps the newest and cancels what is open',
      { overlap: 'cancel-running', open: ['a', 'b'], keep: ['t3'], fold: ['t1', 't2'], cancel: ['a', 'b'] },
    ],
    [
      'rule 11: cancel-running replaces a waiting punctual tick, never a caught-up one',
      { overlap: 'cancel-running', waiting: [caughtUp('w'), punctual('x')], keep: ['t3'], fold: ['x', 't1', 't2'] },
    ],
  ])('%s', (_title, row) => {
    const { overlap, open = [], waiting = [] } = row
    const verdict = judgePunctualTicks({ overlap, open, waiting, pauses: [], ticks: ticks(1, 2, 3) })
    expect(verdict).toEqual({
      keep: row.keep,
      fold: (row.fold ?? []).map((executionId) => ({ executionId, reason: 'overlap' })),
      cancel: row.cancel ?? [],
    })
  })
})

describe('pause before overlap', () => {
  const pauses = [{ from: 2, until: 4, by: null, note: null }]

  it('rule 13: a paused tick folds as paused and takes no room', () => {
    expect(judgePunctualTicks({ overlap: 'skip', open: [], waiting: [], pauses, ticks: ticks(2, 3, 4, 5) })).toEqual({
      keep: ['t4'],
      fold: [
        { executionId: 't2', reason: 'paused' },
        { executionId: 't3', reason: 'paused' },
        { executionId: 't5', reason: 'overlap' },
      ],
      cancel: [],
    })
  })

  it('rule 13: a paused tick of a cancel-running job cancels nothing', () => {
    const given = { overlap: 'cancel-running', open: ['a'], waiting: [punctual('w')], pauses, ticks: ticks(2) } as const
    expect(judgePunctualTicks(given)).toEqual({ keep: [], fold: [{ executionId: 't2', reason: 'paused' }], cancel: [] })
  })
})

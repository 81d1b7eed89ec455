import { expect, it } from 'vitest'
import { boundedDemand } from '../src/sqlite/claiming/bounded-demand.ts'

it('rule 22: a claim takes what can start, and no more ahead than fills one write', () => {
  const taken = (demands: readonly (readonly [slots: number, prefetch: number])[]): readonly (readonly number[])[] =>
    boundedDemand(demands.map(([slots, prefetch], n) => ({ queue: `q${n}`, slots, prefetch }))).map(
      ({ slots, prefetch }) => [slots, prefetch],
    )
  expect(taken([[20, 480]])).toEqual([[20, 80]])
  expect(taken([[20, 30]])).toEqual([[20, 30]])
  expect(taken([[0, 480]])).toEqual([[0, 100]])
  expect(taken([[300, 480]])).toEqual([[300, 0]])
  expect(
    taken([
      [20, 60],
      [20, 60],
      [10, 60],
    ]),
  ).toEqual([
    [20, 50],
    [20, 0],
    [10, 0],
  ])
})

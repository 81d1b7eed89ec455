import { expect, it } from 'vitest'
import { SpanFolder } from '../../src/plan/span-folder.ts'

it('rule 4: consecutive ticks of one verdict are one span; another verdict or an execution ends it', () => {
  const folder = new SpanFolder({ job: 'a', revision: 2 })
  expect(folder.spans()).toEqual([])
  folder.fold(1, 'misfire')
  folder.fold(2, 'misfire')
  folder.fold(3, 'paused')
  folder.cut()
  folder.cut()
  folder.fold(5, 'paused')
  expect(folder.spans()).toEqual([
    { job: 'a', revision: 2, from: 1, to: 2, count: 2, reason: 'misfire' },
    { job: 'a', revision: 2, from: 3, to: 3, count: 1, reason: 'paused' },
    { job: 'a', revision: 2, from: 5, to: 5, count: 1, reason: 'paused' },
  ])
})

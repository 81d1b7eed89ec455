import { expect, it } from 'vitest'
import { fuzzParser } from './fuzz/fuzz-parser.ts'

it('texts made at random are read or refused within some milliseconds, and nothing crashes (seed 11)', () => {
  const { problems, accepted, slowestMs, mostSteps } = fuzzParser(11, (texts) => texts === 8_000)
  expect(problems).toEqual([])
  expect(accepted).toBeGreaterThan(1_000)
  expect(slowestMs).toBeLessThan(20)
  expect(mostSteps).toBeLessThan(3_000)
})

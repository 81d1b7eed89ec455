import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InvalidInputError } from '../../src/error/invalid-input-error.ts'
import { describeIssues, parseInput } from '../../src/job/parse-input.ts'

describe('checking a payload', () => {
  const schema = z.object({
    dryRun: z.boolean().default(false),
    items: z.array(z.object({ id: z.number() })).default([]),
  })

  it('answers with what the schema makes of it', async () => {
    expect(await parseInput('a', schema, {})).toEqual({ dryRun: false, items: [] })
    expect(
      await parseInput(
        'a',
        z.string().refine(async (text) => text !== ''),
        'x',
      ),
    ).toBe('x')
  })

  it('lets anything through without a schema', async () => {
    const payload = { any: 1 }
    expect(await parseInput('a', undefined, payload)).toBe(payload)
  })

  it('refuses what does not fit, naming job, path and issue', async () => {
    const refused = parseInput('keys.expire', schema, { dryRun: 'no', items: [{ id: 'x' }] })
    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toThrow(/^Job "keys\.expire": input dryRun: .*; items\.0\.id: /)
    await expect(parseInput('a', schema, 5)).rejects.toThrow(/^Job "a": input is refused: /)
  })
})

it('issues are shown by their paths, ten at most', () => {
  const issue = { message: 'bad', path: ['rows', { key: 3 }, Symbol('s')] }
  expect(describeIssues([issue])).toBe('rows.3.Symbol(s): bad')
  expect(describeIssues(Array.from({ length: 12 }, () => ({ message: 'bad' })))).toBe(
    `${Array.from({ length: 10 }, () => 'is refused: bad').join('; ')}; and 2 more`,
  )
})

import { describe, expect, it } from 'vitest'
import { readTitle, testTitles } from '../test-titles.ts'

describe('readTitle', () => {
  it.each([
    ['rule 12: keeps the earliest', [12], 'keeps the earliest'],
    ['rule 9, 22: notices it', [9, 22], 'notices it'],
    ['rules 4 and 11: one span', [4, 11], 'one span'],
    ['promises 3 and 6, rule 16: fences grow', [16], 'fences grow'],
    ['promise 4: taken over', [], 'taken over'],
    ['promises 1, 3 and 4: five processes', [], 'five processes'],
    ['a rule of thumb: none', [], 'a rule of thumb: none'],
  ])('reads the rules and the claim of "%s"', (title, rules, claim) => {
    expect(readTitle(title)).toEqual({ rules, claim })
  })
})

describe('testTitles', () => {
  it('finds titles of tests, of tables and of the cases of a contract', () => {
    const source = [
      "test('rule 1: one', () => {})",
      "it.each([['rule 2: from a table', 1]])('%s', () => {})",
      'it(`rule 3: of ${name} files`, () => {})',
      "storeCase([4, 5], 'a case', async () => {})",
      'const pattern = /rule 7: no title/ // rule 8: a comment',
    ].join('\n')
    expect(testTitles(source).filter(({ rules }) => rules.length > 0)).toEqual([
      { rules: [1], claim: 'one' },
      { rules: [2], claim: 'from a table' },
      { rules: [3], claim: 'of … files' },
      { rules: [4, 5], claim: 'a case' },
    ])
  })

  it('takes the title of a group for no test', () => {
    expect(testTitles("describe('rule 6: a group', () => {})")).toEqual([])
  })
})

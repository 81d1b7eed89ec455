import { expect, it } from 'vitest'
import { fillRules } from '../rule-table.ts'

const PAGE = `# Rules

## 1. Identity

Wording.

<!-- shown by -->
<!-- end -->

## 2. A tick

Wording.

<!-- shown by -->
old
<!-- end -->

More.
`

it('writes below each rule the tests that name it, and nothing else', () => {
  const titles = new Map([
    [
      'packages/core/test/a.test.ts',
      [
        { rules: [1, 2], claim: 'both' },
        { rules: [], claim: 'neither' },
      ],
    ],
    ['examples/one/test/b.test.ts', [{ rules: [2], claim: 'second' }]],
  ])
  expect(fillRules(PAGE, titles)).toBe(`# Rules

## 1. Identity

Wording.

<!-- shown by -->

- [core/test/a.test.ts](../packages/core/test/a.test.ts)
  - both

<!-- end -->

## 2. A tick

Wording.

<!-- shown by -->

- [core/test/a.test.ts](../packages/core/test/a.test.ts)
  - both
- [examples/one/test/b.test.ts](../examples/one/test/b.test.ts)
  - second

<!-- end -->

More.
`)
})

it('changes nothing in a page that is up to date', () => {
  const titles = new Map([['packages/core/test/a.test.ts', [{ rules: [1, 2], claim: 'both' }]]])
  const filled = fillRules(PAGE, titles)
  expect(fillRules(filled, titles)).toBe(filled)
})

it('refuses a rule that no test shows', () => {
  const titles = new Map([['packages/core/test/a.test.ts', [{ rules: [1], claim: 'one' }]]])
  expect(() => fillRules(PAGE, titles)).toThrow('no test has a title that names rule 2')
})

it('refuses a test of a rule that does not exist', () => {
  const titles = new Map([['packages/core/test/a.test.ts', [{ rules: [1, 2, 31], claim: 'one' }]]])
  expect(() => fillRules(PAGE, titles)).toThrow('packages/core/test/a.test.ts: rule 31 of "one"')
})

import { describe, expect, it } from 'vitest'
import { promiseProblems, promiseRows } from '../check-promises.ts'

const README = `# Name

## What is promised

Words, with a [link](docs/guide.md).

| promise | shown by |
|---|---|
| **One.** Always. | [fires once](a.test.ts) |
|  | [rule 1: and not twice](b.test.ts) |
| **Two.** | |

## What is not promised

| a | b |
|---|---|
| c | d |
`
const ROWS = promiseRows(README)

describe('promiseRows', () => {
  it('reads the promises of the table below its heading with the tests beside and below them, and no other table', () => {
    expect(ROWS).toEqual([
      {
        promise: '**One.** Always.',
        shownBy: [
          { path: 'a.test.ts', title: 'fires once' },
          { path: 'b.test.ts', title: 'rule 1: and not twice' },
        ],
      },
      { promise: '**Two.**', shownBy: [] },
    ])
  })
})

describe('promiseProblems', () => {
  const one = ROWS.slice(0, 1)

  it('accepts titles that the named files have, with or without their rule', () => {
    const files: Record<string, string> = {
      'a.test.ts': "test('rule 1: fires once', () => {})",
      'b.test.ts': "storeCase([1], 'and not twice', run)",
    }
    expect(promiseProblems(one, (path) => files[path] ?? null)).toEqual([])
  })

  it('reports a file that is gone, a title that is gone, and a promise without a test', () => {
    const read = (path: string): string | null => (path === 'b.test.ts' ? "test('something else', () => {})" : null)
    expect(promiseProblems(ROWS, read)).toEqual([
      '**One.** Always.: there is no a.test.ts',
      '**One.** Always.: b.test.ts has no test "rule 1: and not twice"',
      '**Two.**: no test is named',
    ])
  })

  it('reports a README without the table', () => {
    expect(promiseProblems(promiseRows('# Name'), () => null)).toEqual([
      'README.md has no table below "## What is promised"',
    ])
  })
})

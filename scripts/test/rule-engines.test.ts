import { describe, expect, it } from 'vitest'
import type { NamedTest } from '../named-tests.ts'
import { engineTable } from '../rule-engines.ts'

const EVERYWHERE: readonly NamedTest[] = [
  { path: 'packages/core/test/scheduler/a.test.ts', names: ['rule 1: claim'] },
  { path: 'packages/store-db/test/a.test.ts', names: ['group', 'rule 1: claim'] },
  { path: 'packages/store-db/test/server/a.test.ts', names: ['on postgres', 'group', 'rule 1: claim'] },
  { path: 'packages/store-db/test/server/a.test.ts', names: ['on mariadb', 'group', 'rule 1: claim'] },
]
const HEAD = `| rule | memory | SQLite | PostgreSQL | MariaDB | no store needed |
| --- | --- | --- | --- | --- | --- |
`

describe('engineTable', () => {
  it('counts the claims of each rule where they are shown, a claim once', () => {
    const tests: readonly NamedTest[] = [
      ...EVERYWHERE,
      { path: 'packages/store-db/test/b.test.ts', names: ['on another library', 'rule 1: claim'] },
      { path: 'packages/store-db/test/server/b.test.ts', names: ['on postgres', 'rule 1 and 3: of a > b'] },
      { path: 'packages/core/test/policy/a.test.ts', names: ['promise 2, rules 1 and 3: pure'] },
      { path: 'packages/store-db/test/b.test.ts', names: ['names no rule'] },
    ]
    expect(engineTable([1], tests)).toBe(`${HEAD}| 1 | 1 | 1 | 2 | 1 | 1 |\n`)
  })

  it('refuses an engine on which nothing shows a rule', () => {
    expect(() => engineTable([1, 2], EVERYWHERE)).toThrow(
      'no test shows rule 2 on memory\nno test shows rule 2 on SQLite',
    )
    expect(() => engineTable([1], EVERYWHERE.slice(0, 3))).toThrow('no test shows rule 1 on MariaDB')
  })

  it('says why a rule is not about an engine, and refuses the reason when a test shows it there', () => {
    const sqlite = { path: 'packages/db/test/a.test.ts', names: ['rule 22: claim'] }
    const memory = { path: 'packages/core/test/scheduler/a.test.ts', names: ['rule 22: claim'] }
    expect(engineTable([22], [sqlite, memory])).toBe(`${HEAD}| 22 | 1 | 1 | is about SQLite | is about SQLite | – |\n`)
    const server = { path: 'packages/db/test/server/a.test.ts', names: ['on postgres', 'rule 22: claim'] }
    expect(() => engineTable([22], [sqlite, memory, server])).toThrow(
      'rule 22 is shown on PostgreSQL, which "is about SQLite"',
    )
  })
})

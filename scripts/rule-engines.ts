/** The table that says for each rule and engine how many claims are shown there. */
import type { NamedTest } from './named-tests.ts'
import { readTitle } from './test-titles.ts'

/** The columns of the table. What needs no store, such as a policy, holds on every engine alike. */
const COLUMNS = ['memory', 'SQLite', 'PostgreSQL', 'MariaDB', 'no store needed'] as const
type Column = (typeof COLUMNS)[number]
type Engine = Exclude<Column, 'no store needed'>

/** The groups of tests on servers. MySQL is tested where it can be had; Redis and etcd keep locks only: none has a column. */
const GROUPS: Readonly<Record<string, Engine | null>> = {
  'on postgres': 'PostgreSQL',
  'on mariadb': 'MariaDB',
  'on mysql': null,
  'on redis': null,
  'on etcd': null,
}

/** What tests outside these groups run on; the first folder or file that fits counts. */
const PLACES: readonly (readonly [path: string, column: Column])[] = [
  ['packages/core/test/lock/lease-timing', 'no store needed'],
  ['packages/core/test/lock/', 'memory'],
  ['packages/core/test/memory-store', 'memory'],
  ['packages/core/test/scheduler/', 'memory'],
  ['packages/core/test/lock-only/', 'memory'],
  ['packages/db/test/server/', 'no store needed'],
  ['packages/db/test/', 'SQLite'],
  ['packages/lock-db/test/', 'SQLite'],
  ['packages/store-db/test/', 'SQLite'],
  ['', 'no store needed'],
]

/** Cells that say why the rule is not about the engine. A test that shows it there after all makes one superfluous. */
const NOT_ABOUT: readonly { readonly rule: number; readonly engines: readonly Engine[]; readonly why: string }[] = [
  { rule: 8, engines: ['memory'], why: 'nothing to migrate' },
  { rule: 22, engines: ['PostgreSQL', 'MariaDB'], why: 'is about SQLite' },
]

/**
 * The table, a row a rule.
 *
 * @throws Error naming every cell that would be empty, and every reason for an empty cell that is not.
 */
export function engineTable(rules: readonly number[], tests: readonly NamedTest[]): string {
  const claims = claimsByCell(tests)
  const problems: string[] = []
  const cell = (rule: number, column: Column): string => {
    const count = claims.get(cellOf(rule, column))?.size ?? 0
    const reason = NOT_ABOUT.find((entry) => entry.rule === rule && entry.engines.some((engine) => engine === column))
    if (reason !== undefined && count > 0) problems.push(`rule ${rule} is shown on ${column}, which "${reason.why}"`)
    if (count > 0) return String(count)
    if (column === 'no store needed') return '–'
    if (reason === undefined) problems.push(`no test shows rule ${rule} on ${column}`)
    return reason?.why ?? ''
  }
  const rows = rules.map((rule) => [String(rule), ...COLUMNS.map((column) => cell(rule, column))])
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const head = ['rule', ...COLUMNS]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

/** The claims of each rule in each column; one that is made on several clients of an engine counts once. */
function claimsByCell(tests: readonly NamedTest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const claims = new Map<string, Set<string>>()
  for (const test of tests) {
    const column = columnOf(test)
    if (column === null) continue
    const { rules, claim } = titleOf(test)
    for (const rule of rules) {
      const cell = cellOf(rule, column)
      const known = claims.get(cell) ?? new Set()
      claims.set(cell, known.add(claim))
    }
  }
  return claims
}

function cellOf(rule: number, column: Column): string {
  return `${rule} ${column}`
}

function columnOf({ path, names }: NamedTest): Column | null {
  for (const name of names) {
    const engine = GROUPS[name]
    if (engine !== undefined) return engine
  }
  return PLACES.find(([place]) => path.startsWith(place))?.[1] ?? null
}

/** Rules stand at the beginning of a title, and a title may hold what separates names. */
function titleOf({ names }: NamedTest): ReturnType<typeof readTitle> {
  const titles = names.map((_, index) => readTitle(names.slice(index).join(' > ')))
  return titles.find(({ rules }) => rules.length > 0) ?? { rules: [], claim: '' }
}

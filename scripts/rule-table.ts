/**
 * Writes into docs/rules.md, below each rule, the tests whose titles name it, and above all rules how many claims show
 * each on each engine. Rules and their wording stand in the page; with `--check` nothing is written, and a page that is
 * not up to date is an error. In both cases a rule that no test shows is an error, and so is an engine on which none does.
 * With `CI=true` the check counts what passed in the run before, otherwise tests are counted as they are found.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { foundTests, passedTests } from './named-tests.ts'
import { engineTable } from './rule-engines.ts'
import { allTestTitles, type TestTitle } from './test-titles.ts'

const ROOT = resolve(import.meta.dirname, '..')
const PAGE = 'docs/rules.md'

/** There are rules up to this number; those without a section in the page come into force later. */
const LAST_RULE = 30

const SECTION = /^## (\d+)\. .*$[\s\S]*?(?=^## |(?![\s\S]))/gm
const SHOWN_BY = /<!-- shown by -->[\s\S]*?<!-- end -->/
const BY_ENGINE = /<!-- by engine -->[\s\S]*?<!-- end -->/

/**
 * The page with the tests of each rule filled in.
 *
 * @throws Error naming rules that no test shows, and tests of rules that do not exist.
 */
export function fillRules(page: string, titles: ReadonlyMap<string, readonly TestTitle[]>): string {
  const problems: string[] = []
  for (const [path, all] of titles) {
    for (const { rules, claim } of all) {
      for (const rule of rules) if (rule < 1 || rule > LAST_RULE) problems.push(`${path}: rule ${rule} of "${claim}"`)
    }
  }
  if (problems.length > 0) throw new Error(`there is no such rule:\n${problems.join('\n')}`)
  const filled = page.replaceAll(SECTION, (section, number: string) => {
    const shown = testsOf(Number(number), titles)
    if (shown === '') problems.push(number)
    if (!SHOWN_BY.test(section)) throw new Error(`${PAGE}: rule ${number} has no place for its tests`)
    return section.replace(SHOWN_BY, () => `<!-- shown by -->\n\n${shown}\n<!-- end -->`)
  })
  if (problems.length > 0) throw new Error(`no test has a title that names rule ${problems.join(', ')}`)
  return filled
}

function testsOf(rule: number, titles: ReadonlyMap<string, readonly TestTitle[]>): string {
  return [...titles]
    .map(([path, all]): string => {
      const claims = new Set(all.filter((title) => title.rules.includes(rule)).map(({ claim }) => claim))
      if (claims.size === 0) return ''
      const link = `[${path.replace('packages/', '')}](${posix.relative(posix.dirname(PAGE), path)})`
      return [`- ${link}`, ...[...claims].map((claim) => `  - ${claim}`)].map((line) => `${line}\n`).join('')
    })
    .join('')
}

/** The page with another table, whatever the widths of its columns. */
export function fillTable(page: string, table: string): string {
  const [old] = BY_ENGINE.exec(page) ?? []
  if (old === undefined) throw new Error(`${PAGE} has no place for the table of engines`)
  const narrow = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')
  const filled = `<!-- by engine -->\n\n${table}\n<!-- end -->`
  return narrow(old) === narrow(filled) ? page : page.replace(BY_ENGINE, () => filled)
}

function main(isCheck: boolean): void {
  const page = readFileSync(join(ROOT, PAGE), 'utf8')
  const tests = isCheck && process.env['CI'] === 'true' ? passedTests(ROOT) : foundTests(ROOT)
  const rules = [...page.matchAll(SECTION)].map(([, number]) => Number(number))
  const filled = fillTable(fillRules(page, allTestTitles(ROOT)), engineTable(rules, tests))
  if (isCheck && filled !== page) throw new Error(`${PAGE} is not up to date; run "pnpm rules"`)
  if (!isCheck) writeFileSync(join(ROOT, PAGE), filled)
  console.log(`${[...filled.matchAll(SECTION)].length} rules, each shown by a test`)
}

if (import.meta.main) main(process.argv.includes('--check'))

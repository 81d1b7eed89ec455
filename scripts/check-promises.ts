/**
 * Checks the table of promises in README.md: beside each promise, and in the rows without a promise below it, links of
 * the form `[title](file)` name the tests that show it, and each of these files has a test of that title.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readTitle, testTitles } from './test-titles.ts'

const ROOT = resolve(import.meta.dirname, '..')
const HEADING = '## What is promised'

/** A test that shows a promise. */
export interface Evidence {
  readonly path: string
  readonly title: string
}

/** A promise and the tests beside it. */
export interface PromiseRow {
  readonly promise: string
  readonly shownBy: readonly Evidence[]
}

/** The promises of the table below the heading. */
export function promiseRows(markdown: string): PromiseRow[] {
  const from = markdown.indexOf(HEADING)
  if (from < 0) return []
  const [section = ''] = markdown.slice(from + HEADING.length).split(/^## /m)
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !/^\|[\s|:-]+\|$/.test(line))
  const promises: { promise: string; shownBy: Evidence[] }[] = []
  for (const row of rows.slice(1)) {
    const promise = row.split('|')[1]?.trim() ?? ''
    if (promise !== '') promises.push({ promise, shownBy: [] })
    const links = row.matchAll(/\[([^\]]+)\]\(([^)\s]+\.ts)\)/g)
    for (const [, title = '', path = ''] of links) promises.at(-1)?.shownBy.push({ path, title })
  }
  return promises
}

/** What is wrong with the rows. `read`: the text of a file, or null when there is none. */
export function promiseProblems(rows: readonly PromiseRow[], read: (path: string) => string | null): string[] {
  if (rows.length === 0) return [`README.md has no table below "${HEADING}"`]
  return rows.flatMap(({ promise, shownBy }) => {
    if (shownBy.length === 0) return [`${promise}: no test is named`]
    return shownBy.flatMap(({ path, title }) => {
      const source = read(path)
      if (source === null) return [`${promise}: there is no ${path}`]
      const { claim } = readTitle(title)
      return testTitles(source).some((found) => found.claim === claim)
        ? []
        : [`${promise}: ${path} has no test "${title}"`]
    })
  })
}

function main(): void {
  const rows = promiseRows(readFileSync(join(ROOT, 'README.md'), 'utf8'))
  const problems = promiseProblems(rows, (path) => {
    const file = join(ROOT, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : null
  })
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`${rows.length} promises, each with the tests that show it`)
}

if (import.meta.main) main()

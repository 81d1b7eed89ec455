/** Where every test stands and what it is called when it runs, with the names of the groups around it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { runCommand } from './run-command.ts'
import type { Report } from './test-summary.ts'

/** Where the tests of rules stand. */
const PACKAGES = 'packages/'

/** A test as it runs: once for each engine, and for each row of a table of cases. */
export interface NamedTest {
  /** From the root of the repository. */
  readonly path: string
  /** The groups around it, outermost first, and its title. */
  readonly names: readonly string[]
}

/** The tests of the packages that passed in the last run with `CI=true`. */
export function passedTests(root: string): NamedTest[] {
  const path = join(root, '.reports', 'vitest.json')
  if (!existsSync(path)) throw new Error('there is no .reports/vitest.json: run the tests with CI=true first')
  // The shape is vitest's own JSON report.
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report
  return report.testResults
    .map(({ name, assertionResults }) => ({ path: fromRoot(root, name), assertionResults }))
    .filter(({ path: found }) => found.startsWith(PACKAGES))
    .flatMap(({ path: found, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed')
        .map(({ ancestorTitles, title }) => ({ path: found, names: [...ancestorTitles, title] })),
    )
}

/** The tests of the packages that a run would find, those on servers among them; runs none and starts no server. */
export function foundTests(root: string): NamedTest[] {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-tests-'))
  try {
    const file = join(folder, 'tests.json')
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    // Nobody connects before a test runs: any URL will do.
    const env = { ESCAPEMENT_TEST_SERVERS: '', ...urlsOf('postgres', 'mariadb'), CI: '' }
    // Loading all files in one process takes a tenth of the time.
    const options = ['list', '--no-static-parse', '--no-isolate', `--json=${file}`, PACKAGES]
    runCommand(process.execPath, [vitest, ...options], {
      cwd: root,
      stdio: 'ignore',
      env: { ...process.env, ...env },
    })
    const found = JSON.parse(readFileSync(file, 'utf8')) as readonly { readonly name: string; readonly file: string }[]
    return found.map(({ name, file: path }) => ({ path: fromRoot(root, path), names: name.split(' > ') }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function urlsOf(...kinds: readonly string[]): Record<string, string> {
  return Object.fromEntries(kinds.map((kind) => [`ESCAPEMENT_TEST_${kind.toUpperCase()}_URL`, `${kind}://unused`]))
}

function fromRoot(root: string, path: string): string {
  return relative(root, path).split(sep).join('/')
}

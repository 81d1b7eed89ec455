/**
 * Puts named faults into the source, one at a time, and shows for each the test that fails: `node scripts/mutants.ts [names]`.
 *
 * Works on a copy of the tree, so nothing here changes. First every test that is to fail must pass without a fault. Exits
 * with 1 when a fault goes unnoticed, when a test fails without one, or when the text that a fault replaces is not found
 * exactly once.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import type { Mutant } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/mutants.ts'
import { titleNames } from './mutants/title-names.ts'

const ROOT = join(import.meta.dirname, '..')
const LEFT_OUT = new Set(['.git', 'dist', 'coverage', '.reports', 'docs'])
const LONGEST_RUN_MS = 180_000

interface VitestReport {
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !MUTANTS.some((mutant) => mutant.name === name))
if (unknown.length > 0) throw new Error(`no mutant is called ${unknown.join(', ')}`)
const mutants = MUTANTS.filter(({ name }) => asked.length === 0 || asked.includes(name))

const copy = mkdtempSync(join(tmpdir(), 'escapement-mutants-'))
try {
  copyTree(copy)
  for (const mutant of mutants) mutated(mutant) // all texts must be there before the first test runs
  const broken = failuresWithoutFault()
  const survivors = mutants.filter((mutant) => !isNoticed(mutant, broken))
  console.log(`\n${mutants.length - survivors.length} of ${mutants.length} faults were noticed`)
  for (const { name, breaks } of survivors) console.log(`not noticed: ${name}: no test of ${breaks} fails`)
  if (survivors.length > 0) process.exitCode = 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

/** Packages keep their own links into the workspace, which are relative and so lead into the copy. */
function copyTree(to: string): void {
  cpSync(ROOT, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !LEFT_OUT.has(basename(from)) && relative(ROOT, from) !== 'node_modules',
  })
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'), 'junction')
}

/** The files of a mutant with its faults in them. */
function mutated({ name, faults }: Mutant): Map<string, string> {
  const files = new Map<string, string>()
  for (const { file, from, to } of faults) {
    const source = files.get(file) ?? readFileSync(join(copy, file), 'utf8')
    const found = source.split(from).length - 1
    if (found !== 1) {
      throw new Error(`${name}: ${file} holds the text to replace ${found} times; it must hold it once:\n${from}`)
    }
    files.set(
      file,
      source.replace(from, () => to),
    )
  }
  return files
}

/** Titles that fail as things are: a fault cannot be told by them. */
function failuresWithoutFault(): ReadonlySet<string> {
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))]
  const failed = failingTitles(tests, /(rule|promise) [0-9]/)
  for (const title of failed) console.log(`fails without a fault: ${title}`)
  return new Set(failed)
}

function isNoticed(mutant: Mutant, broken: ReadonlySet<string>): boolean {
  const originals = new Map<string, string>()
  try {
    for (const [file, source] of mutated(mutant)) {
      originals.set(file, readFileSync(join(copy, file), 'utf8'))
      writeFileSync(join(copy, file), source)
    }
    const failed = failingTitles(mutant.tests, titleNames(mutant.breaks)).filter((title) => !broken.has(title))
    const rest = failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''
    console.log(`${mutant.name.padEnd(40)} → ${failed[0] ?? 'NOT NOTICED'}${rest}`)
    return failed.length > 0
  } finally {
    for (const [file, source] of originals) writeFileSync(join(copy, file), source)
  }
}

/** Runs test files in the copy, tests whose titles match only; answers the titles of those that failed. */
function failingTitles(tests: readonly string[], titles: RegExp): string[] {
  const output = join(copy, 'mutants-report.json')
  rmSync(output, { force: true })
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs')
  const { error } = spawnSync(
    process.execPath,
    [vitest, 'run', ...tests, '--testNamePattern', titles.source, '--reporter', 'json', '--outputFile', output],
    { cwd: copy, stdio: 'ignore', timeout: LONGEST_RUN_MS, killSignal: 'SIGKILL', env: { ...process.env, CI: '' } },
  )
  if (error !== undefined) throw error
  // The shape is vitest's own JSON report.
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as VitestReport
  const ran = testResults.flatMap(({ assertionResults }) => assertionResults)
  if (!ran.some(({ title }) => titles.test(title))) {
    const messages = testResults.map(({ message }) => message).join('\n')
    throw new Error(`no test of ${tests.join(', ')} has a title that matches ${titles.source}:\n${messages}`)
  }
  return ran.filter(({ status, title }) => status === 'failed' && titles.test(title)).map(({ title }) => title)
}

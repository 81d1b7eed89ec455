/**
 * Reads what the last test run with `CI=true` reported: lists what was not run, and ends with the line
 * `N passed, N failed`. The exit code is 1 when a test failed, was not run, or when there is no report.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** One test of a report. */
export interface ReportedTest {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly fullName: string
  readonly status: string
}

export interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly ReportedTest[]
  }[]
}

/** The lines to print, the plain sum last, and whether the run counts as passed. */
export function summarize(report: Report | undefined, root: string): { lines: string[]; isPassed: boolean } {
  if (report === undefined) return { lines: ['no test report was written', '0 passed, 1 failed'], isPassed: false }
  const notRun = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName, status }) => `not run (${status}): ${relative(root, name)}: ${fullName}`),
  )
  // A file that cannot be loaded fails without any test of its own.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  return {
    lines: [
      ...notRun,
      ...broken.map(({ name }) => `could not be loaded: ${relative(root, name)}`),
      `${report.numPassedTests} passed, ${failed} failed`,
    ],
    isPassed: failed === 0 && notRun.length === 0,
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const path = join(root, '.reports', 'vitest.json')
  // The shape is vitest's own JSON report.
  const report = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined
  const { lines, isPassed } = summarize(report, root)
  for (const line of lines) console.log(line)
  process.exitCode = isPassed ? 0 : 1
}

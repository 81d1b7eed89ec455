import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Report, summarize } from '../test-summary.ts'

const ROOT = join('/', 'repository')

function report(...statuses: string[]): Report {
  const count = (wanted: string): number => statuses.filter((status) => status === wanted).length
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    testResults: [
      {
        name: join(ROOT, 'a.test.ts'),
        status: statuses.includes('failed') ? 'failed' : 'passed',
        assertionResults: statuses.map((status, index) => ({
          ancestorTitles: [],
          title: `claim ${index}`,
          fullName: `claim ${index}`,
          status,
        })),
      },
    ],
  }
}

describe('summarize', () => {
  it('ends with the plain sum', () => {
    expect(summarize(report('passed', 'passed'), ROOT)).toEqual({ lines: ['2 passed, 0 failed'], isPassed: true })
    expect(summarize(report('passed', 'failed'), ROOT)).toEqual({ lines: ['1 passed, 1 failed'], isPassed: false })
  })

  it('lists what was not run, and refuses it', () => {
    expect(summarize(report('passed', 'skipped'), ROOT)).toEqual({
      lines: ['not run (skipped): a.test.ts: claim 1', '1 passed, 0 failed'],
      isPassed: false,
    })
  })

  it('counts a file that could not be loaded as a failure', () => {
    const [result] = report().testResults
    if (result === undefined) throw new Error('no result')
    expect(summarize({ ...report(), testResults: [{ ...result, status: 'failed' }] }, ROOT)).toEqual({
      lines: ['could not be loaded: a.test.ts', '0 passed, 1 failed'],
      isPassed: false,
    })
  })

  it('takes a missing report for a failure', () => {
    expect(summarize(undefined, ROOT)).toEqual({
      lines: ['no test report was written', '0 passed, 1 failed'],
      isPassed: false,
    })
  })
})

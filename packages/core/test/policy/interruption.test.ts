import { expect, it } from 'vitest'
import { afterInterruption, type InterruptedCase, type InterruptedVerdict } from '../../src/policy/interruption.ts'

const started: InterruptedCase = {
  onInterrupt: 'retry',
  retryLimit: 1,
  wasStarted: true,
  interruptions: 0,
  retries: 0,
  isCancelRequested: false,
  isAbandoned: false,
}
const again: InterruptedVerdict = { status: 'scheduled', reason: null, spends: 'interruption' }

it.each<[string, Partial<InterruptedCase>, InterruptedVerdict]>([
  ['rule 14: a started attempt is repeated and counted apart from retries', {}, again],
  ['rule 14: a second interruption is repeated as well', { interruptions: 1, retries: 1 }, again],
  [
    'rule 14: the third interruption fails as crashed',
    { interruptions: 2 },
    { status: 'failed', reason: 'crashed', spends: 'interruption' },
  ],
  [
    'rule 14: a job that is at most once fails as interrupted',
    { onInterrupt: 'fail' },
    { status: 'failed', reason: 'interrupted', spends: 'interruption' },
  ],
  [
    'rule 14: what had not started is given back and spends nothing, also of a job that is at most once',
    { wasStarted: false, onInterrupt: 'fail', interruptions: 2 },
    { status: 'scheduled', reason: null, spends: 'nothing' },
  ],
  [
    'rule 18: a started attempt that was to be cancelled is cancelled',
    { isCancelRequested: true },
    { status: 'cancelled', reason: null, spends: 'interruption' },
  ],
  [
    'rule 18: what had not started and was to be cancelled is cancelled',
    { isCancelRequested: true, wasStarted: false },
    { status: 'cancelled', reason: null, spends: 'nothing' },
  ],
  [
    'rule 17: an abandoned attempt, timed out already, is followed by its retry',
    { isAbandoned: true },
    { status: 'scheduled', reason: null, spends: 'retry' },
  ],
  [
    'rule 17: an abandoned attempt without retries left has timed out',
    { isAbandoned: true, retries: 1 },
    { status: 'timed_out', reason: 'abandoned', spends: 'nothing' },
  ],
  [
    'rule 18: an abandoned attempt that was to be cancelled is cancelled',
    { isAbandoned: true, isCancelRequested: true },
    { status: 'cancelled', reason: null, spends: 'nothing' },
  ],
])('%s', (_title, given, verdict) => {
  expect(afterInterruption({ ...started, ...given })).toEqual(verdict)
})

import { closingCases } from './cases/closing-cases.ts'
import { clockCases } from './cases/clock-cases.ts'
import { driverCases } from './cases/driver-cases.ts'
import { featureCases } from './cases/feature-cases.ts'
import { grantCases } from './cases/grant-cases.ts'
import { lockOnlyCases } from './cases/lock-only-cases.ts'
import { lostAnswerCases } from './cases/lost-answer-cases.ts'
import { releaseCases } from './cases/release-cases.ts'
import { renewalCases } from './cases/renewal-cases.ts'
import { waitingCases } from './cases/waiting-cases.ts'
import type { MutexCase, MutexContractTarget } from './mutex-case.ts'

/**
 * What every lock server must do behind `createMutexManager`, whatever goes wrong: plain cases for any test runner.
 *
 * @example
 * ```ts
 * for (const { title, run } of mutexContract({ time: 'real', start: startMyServer })) test(title, run)
 * ```
 */
export function mutexContract(target: MutexContractTarget): readonly MutexCase[] {
  const groups = [
    grantCases,
    releaseCases,
    renewalCases,
    waitingCases,
    lostAnswerCases,
    clockCases,
    closingCases,
    driverCases,
    featureCases,
    lockOnlyCases,
  ]
  return groups.flatMap((group) => group(target))
}

import { clockCases } from './cases/clock-cases.ts'
import { contextCases } from './cases/context-cases.ts'
import { deathCases } from './cases/death-cases.ts'
import { definitionCases } from './cases/definition-cases.ts'
import { endingCases } from './cases/ending-cases.ts'
import { ledgerCases } from './cases/ledger-cases.ts'
import { limitCases } from './cases/limit-cases.ts'
import { misfireCases } from './cases/misfire-cases.ts'
import { overlapCases } from './cases/overlap-cases.ts'
import { pauseCases } from './cases/pause-cases.ts'
import { tickCases } from './cases/tick-cases.ts'
import type { SchedulerCase } from './scheduler-case.ts'

/**
 * What schedulers must do on every store that is shared: plain cases for any test runner, in virtual time.
 *
 * @example
 * ```ts
 * for (const { title, run } of schedulerContract) test(title, () => run(({ runtime }) => memoryStore({ runtime })))
 * ```
 */
export const schedulerContract: readonly SchedulerCase[] = [
  ...tickCases,
  ...ledgerCases,
  ...definitionCases,
  ...clockCases,
  ...misfireCases,
  ...overlapCases,
  ...limitCases,
  ...pauseCases,
  ...deathCases,
  ...endingCases,
  ...contextCases,
]

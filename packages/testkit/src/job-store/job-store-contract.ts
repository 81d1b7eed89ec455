import { attemptCases } from './cases/attempt-cases.ts'
import { claimCases } from './cases/claim-cases.ts'
import { comingCases } from './cases/coming-cases.ts'
import { definitionCases } from './cases/definition-cases.ts'
import { enqueueCases } from './cases/enqueue-cases.ts'
import { instanceCases } from './cases/instance-cases.ts'
import { judgingCases } from './cases/judging-cases.ts'
import { planCases } from './cases/plan-cases.ts'
import { readCases } from './cases/read-cases.ts'
import { settleCases } from './cases/settle-cases.ts'
import { upkeepCases } from './cases/upkeep-cases.ts'
import type { JobStoreCase } from './job-store-case.ts'

/**
 * What every job store must do: plain cases for any test runner.
 *
 * @example
 * ```ts
 * for (const { title, run } of jobStoreContract) test(title, () => run(({ runtime }) => memoryStore({ runtime })))
 * ```
 */
export const jobStoreContract: readonly JobStoreCase[] = [
  ...definitionCases,
  ...planCases,
  ...judgingCases,
  ...claimCases,
  ...comingCases,
  ...settleCases,
  ...attemptCases,
  ...enqueueCases,
  ...instanceCases,
  ...upkeepCases,
  ...readCases,
]

import { claimCases } from './cases/claim-cases.ts'
import { enqueueCases } from './cases/enqueue-cases.ts'
import type { JobStoreCase } from './job-store-case.ts'

/**
 * What every job store must do: plain cases for any test runner.
 *
 * @example
 * ```ts
 * for (const { title, run } of jobStoreContract) test(title, () => run(({ runtime }) => memoryStore({ runtime })))
 * ```
 */
export const jobStoreContract: readonly JobStoreCase[] = [...enqueueCases, ...claimCases]

/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describe, it } from 'vitest'
import type { CreateJobStore } from './job-store-case.ts'
import { jobStoreContract } from './job-store-contract.ts'

/**
 * Tries the whole contract of `JobStore` on one adapter, as vitest tests.
 *
 * @param create - Makes an empty store on the clock that it is given.
 */
export function describeJobStoreContract(name: string, create: CreateJobStore): void {
  describe(`${name}: contract of JobStore`, () => {
    for (const { title, rules, run } of jobStoreContract) {
      it(`${rules.length === 0 ? '' : `rule ${rules.join(', ')}: `}${title}`, () => run(create))
    }
  })
}

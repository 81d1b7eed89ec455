/* oxlint-disable vitest/expect-expect -- the assertions are the contract's own */
import { describe, it } from 'vitest'
import type { CreateSharedStore } from './scheduler-case.ts'
import { schedulerContract } from './scheduler-contract.ts'

/** A case takes much less; a server may be slow to answer. Milliseconds. */
const TEST_MS = 30_000

/**
 * Tries schedulers on one store, as vitest tests in virtual time.
 *
 * @param create - Makes an empty store on the clock that it is given.
 */
export function describeSchedulerContract(name: string, create: CreateSharedStore): void {
  describe(`${name}: contract of schedulers`, () => {
    for (const { title, rules, run } of schedulerContract) {
      it(`rule ${rules.join(', ')}: ${title}`, () => run(create), TEST_MS)
    }
  })
}

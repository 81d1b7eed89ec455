/* oxlint-disable vitest/valid-title, vitest/expect-expect -- titles and assertions are the contract's own */
import { describe, test } from 'vitest'
import type { MutexContractTarget } from './mutex-case.ts'
import { mutexContract } from './mutex-contract.ts'

/** Runs {@link mutexContract} under vitest; cases in real time, which mostly wait, several at once. */
export function describeMutexContract(name: string, target: MutexContractTarget): void {
  describe(name, { concurrent: target.time === 'real' }, () => {
    for (const { title, run } of mutexContract(target)) test(title, run, 60_000)
  })
}

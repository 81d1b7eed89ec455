import type { LockDriver } from '@escapement/core'
import { type ContractNode, type FaultyLockDriver, faultyLockDriver } from '@escapement/testkit'
import type { Questions } from './cannot-be-asked.ts'
import type { CommandFaults, CommandPurpose } from './peer-library.ts'

/** Commands of a library that meet the faults which the contract has for drivers. */
export interface CarriedCommands {
  readonly faults: CommandFaults
  /** What a case disturbs; it grants nothing by itself. */
  readonly driver: FaultyLockDriver
}

/** Carries commands past the faults of a driver, as if each were one of its calls. */
export function carriedCommands(node: ContractNode, questions: Questions): CarriedCommands {
  const carry = async (call: unknown): Promise<never> => {
    const [carried] = [call].flat()
    if (!(carried instanceof CarriedCommand))
      throw questions.refuse('it has no driver whose single steps could be asked for')
    return (await carried.command()) as never
  }
  const carrier: LockDriver = {
    minTtlMs: 20,
    maxTtlMs: 86_400_000,
    tryAcquire: carry,
    renewMany: carry,
    release: carry,
    close: async () => undefined,
  }
  const driver = faultyLockDriver(carrier, node)
  const send = (purpose: CommandPurpose, command: () => Promise<unknown>): Promise<unknown> => {
    const carried = new CarriedCommand(command) as never
    return purpose === 'renewMany' ? driver.renewMany([carried]) : driver[purpose](carried)
  }
  return { driver, faults: { send: send as CommandFaults['send'] } }
}

class CarriedCommand {
  readonly command: () => Promise<unknown>

  constructor(command: () => Promise<unknown>) {
    this.command = command
  }
}

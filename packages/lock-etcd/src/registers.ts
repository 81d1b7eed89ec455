import type { RegisterAdvance } from '@escapement/core'
import type { EtcdServer, Operation } from './etcd-server.ts'
import type { LockKeys } from './lock-keys.ts'

/** The most operations of one transaction: an etcd server takes 128, those within others counted, unless it is told otherwise. */
const LARGEST_BATCH = 100
/** Added to a value so that none is negative. */
const OFFSET = 2n ** 53n
const DIGITS = 17

/** Moves registers forward, up to a hundred in one atomic step. */
export async function advanceRegisters(
  server: EtcdServer,
  keys: LockKeys,
  entries: readonly RegisterAdvance[],
): Promise<readonly boolean[]> {
  const answers: boolean[] = []
  for (const batch of batches(entries)) {
    const { nested } = await server.transact({ success: batch.map((entry) => advance(keys, entry)) })
    answers.push(...nested.map((isThereAlready) => !isThereAlready))
  }
  return answers
}

/** A register that is absent has no value after any: it is put, too. */
function advance(keys: LockKeys, { key, value }: RegisterAdvance): Operation {
  const register = keys.register(key)
  return {
    kind: 'transact',
    transaction: {
      conditions: [{ kind: 'has-value-after', key: register, value: digitsOf(BigInt(value) - 1n) }],
      failure: [{ kind: 'put', key: register, value: digitsOf(BigInt(value)), lease: null }],
    },
  }
}

/** Digits whose order is that of the values. */
function digitsOf(value: bigint): string {
  return String(value + OFFSET).padStart(DIGITS, '0')
}

/** In order; no transaction may put a key twice. */
function batches(entries: readonly RegisterAdvance[]): RegisterAdvance[][] {
  const all: RegisterAdvance[][] = []
  let names = new Set<string>()
  for (const entry of entries) {
    if (all.length === 0 || names.has(entry.key) || names.size === LARGEST_BATCH) {
      all.push([])
      names = new Set()
    }
    names.add(entry.key)
    all.at(-1)?.push(entry)
  }
  return all
}

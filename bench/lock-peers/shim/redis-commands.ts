import type { Redis } from 'ioredis'
import type { CommandFaults, CommandPurpose } from '../peer-library.ts'

/** What a library calls. */
const COMMANDS = ['set', 'eval', 'evalsha'] as const

/**
 * A client of ioredis whose commands go past the faults.
 *
 * @param purposeOf - What a script is for, by its text or hash and what follows. `SET` always takes a lock.
 */
export function disturbed(
  client: Redis,
  faults: CommandFaults,
  purposeOf: (script: string, values: readonly unknown[]) => CommandPurpose,
): Redis {
  return new Proxy(client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      const call = (...input: unknown[]): unknown => Reflect.apply(member, target, input)
      if (!COMMANDS.some((command) => command === name)) return call
      return (...input: unknown[]) => {
        const purpose = name === 'set' ? 'tryAcquire' : purposeOf(String(input[0]), input.slice(1).flat())
        return faults.send(purpose, async () => call(...input))
      }
    },
  })
}

/** For libraries whose renewal names a key, an owner and a time, their release a key and an owner. */
export function purposeByValues(_script: string, values: readonly unknown[]): CommandPurpose {
  const [, ...named] = values // after the number of keys
  return named.length > 2 ? 'renewMany' : 'release'
}

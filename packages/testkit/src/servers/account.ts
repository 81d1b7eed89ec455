import { readFileSync } from 'node:fs'

/** An account to run a program as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** The first of the named accounts that exists, when the tests run as root; null: run as whoever runs the tests. */
export function accountFor(names: readonly string[] | null): Account | null {
  if (names === null || process.getuid?.() !== 0) return null
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of names) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  return null
}

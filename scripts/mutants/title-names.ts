import type { Mutant } from './mutant.ts'

/** Matches the titles of tests that show a rule or promise, such as `rule 3, 16: a stale fence is refused`. */
export function titleNames(breaks: Mutant['breaks']): RegExp {
  const [kind, number] = breaks.split(' ')
  return new RegExp(`${kind} ([0-9]+, )*${number}(, [0-9]+)*:`)
}

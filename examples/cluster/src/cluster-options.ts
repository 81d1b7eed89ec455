import { parseArgs } from 'node:util'

const MOST_ROUNDS = 1_000

/** What the cluster is asked to do. */
export interface ClusterOptions {
  /** After how many rounds of killing, freezing and restarting it ends by itself; null: when someone stops it. */
  readonly rounds: number | null
}

export const USAGE = 'usage: cluster [--rounds 1], with DATABASE_URL=postgres://… for a server of your own'

/** @throws Error that says what is accepted. */
export function readClusterOptions(args: readonly string[]): ClusterOptions {
  const { values } = parseArgs({
    // `pnpm cluster -- --rounds 1` hands the dashes on.
    args: args.filter((arg) => arg !== '--'),
    options: { rounds: { type: 'string' } },
  })
  const { rounds } = values
  if (rounds === undefined) return { rounds: null }
  const value = Number(rounds)
  if (/^\d+$/.test(rounds) && value >= 1 && value <= MOST_ROUNDS) return { rounds: value }
  throw new Error(`--rounds is ${JSON.stringify(rounds)}; give a whole number from 1 to ${MOST_ROUNDS}`)
}

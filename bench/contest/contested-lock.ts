import type { ContestFault } from '@escapement/testkit/contest'

/** The locks that can be contested. */
export const CONTESTED_KINDS = ['sqlite', 'postgres', 'mariadb', 'redis', 'quorum', 'etcd'] as const

export type ContestedKind = (typeof CONTESTED_KINDS)[number]

export const CONTESTED_KEYS: readonly string[] = ['north', 'east', 'south', 'west']

/** What processes contend on, and what can happen to it. */
export interface ContestedLock extends AsyncDisposable {
  /** What its contender is given: where it is, and the greatest ttl where there is quarantine. */
  readonly args: readonly string[]
  /** What happens to the server and keeps its data. */
  readonly faults: readonly ContestFault[]
  /** The loss of its data; null: it cannot lose them under those who use it. */
  readonly loss: ContestFault | null
}

import { systemRuntime } from '@escapement/base'
import { percentile } from '../harness/percentile.ts'
import type { HandOffMember } from './hand-off-members.ts'
import type { Tenure } from './hand-off-message.ts'

/** Those that wait, and the one that holds the key. */
export const HAND_OFF_PROCESSES = 6
const WAITERS = 20
const TTL_MS = 30_000
/** Time for all waiters to be refused once and to wait. */
const SETTLING_MS = 150

/** Milliseconds from the call of a release to the next grant. */
export interface HandOffFigures {
  /** From one process to another. */
  readonly apart: { readonly p50: number; readonly p99: number }
  /** All in one process. */
  readonly together: { readonly p50: number; readonly p99: number }
}

/** A tenure, and which process had it. */
interface Placed extends Tenure {
  readonly process: HandOffMember | undefined
}

/**
 * Twenty waiters in five processes, with the holder in a sixth, hand one key on until all have had it; then as many in one
 * process with their holder.
 *
 * @param members - All processes, connected.
 */
export async function measureHandOff(members: readonly HandOffMember[], rounds: number): Promise<HandOffFigures> {
  const apart: number[] = []
  const together: number[] = []
  for (let round = 0; round < rounds; round++) {
    const many = await handedOn(`apart-${round}`, members, WAITERS / (HAND_OFF_PROCESSES - 1))
    apart.push(...many.filter(({ isApart }) => isApart).map(({ ms }) => ms))
    const one = members.slice(0, 1)
    together.push(...(await handedOn(`together-${round}`, [...one, ...one], WAITERS)).map(({ ms }) => ms))
  }
  return {
    apart: { p50: percentile(apart, 0.5), p99: percentile(apart, 0.99) },
    together: { p50: percentile(together, 0.5), p99: percentile(together, 0.99) },
  }
}

/** The first member holds the key, the others wait for it. */
async function handedOn(
  key: string,
  [holder, ...waiting]: readonly HandOffMember[],
  waiters: number,
): Promise<readonly { readonly ms: number; readonly isApart: boolean }[]> {
  if (holder === undefined) throw new Error('nobody is there to hold the key')
  await holder.ask({ kind: 'hold', key, ttlMs: TTL_MS }, 'held')
  await Promise.all(waiting.map((member) => member.ask({ kind: 'wait', key, ttlMs: TTL_MS, waiters }, 'waiting')))
  const served = waiting.map((member) => member.hear('served'))
  await systemRuntime.sleep(SETTLING_MS)
  const answers = await Promise.all([holder.ask({ kind: 'release' }, 'released'), ...served])
  const processes = [holder, ...waiting]
  const placed = answers
    .flatMap(({ tenures }, member) => tenures.map((tenure): Placed => ({ ...tenure, process: processes[member] })))
    .toSorted((a, b) => a.grantedAt - b.grantedAt)
  return placed.slice(1).map(({ grantedAt, process }, index) => {
    const before = placed[index] as Placed
    return { ms: grantedAt - before.releasedAt, isApart: process !== before.process }
  })
}

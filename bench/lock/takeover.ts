import { greatest } from '../harness/percentile.ts'
import { type HandOffMember, startMember } from './hand-off-members.ts'
import type { LockContender } from './lock-contender.ts'

/** As short as each backend keeps them. */
const TTL_MS = 1_000
const ETCD_TTL_MS = 3_000

/**
 * How long after the end of its lease the key of a holder that was killed is another's, milliseconds: the longest of all rounds.
 *
 * @param waiter - A process that is connected.
 */
export async function measureTakeover(
  { backend, name: contender, endsWith }: LockContender,
  place: string,
  waiter: HandOffMember,
  rounds: number,
): Promise<number> {
  const ttlMs = backend === 'etcd' ? ETCD_TTL_MS : TTL_MS
  const leaseMs = endsWith === 'lease' ? ttlMs : 0
  const beyond: number[] = []
  for (let round = 0; round < rounds; round++) {
    await using holder = await startMember()
    await holder.ask({ kind: 'open', backend, contender, place }, 'ready')
    const key = `takeover-${round}`
    const { grantedAt } = await holder.ask({ kind: 'hold', key, ttlMs }, 'held')
    await holder.kill()
    await waiter.ask({ kind: 'wait', key, ttlMs, waiters: 1 }, 'waiting')
    const { tenures } = await waiter.hear('served')
    beyond.push((tenures[0]?.grantedAt ?? Number.NaN) - grantedAt - leaseMs)
  }
  return greatest(beyond)
}

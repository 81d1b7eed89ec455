import { versionOf } from '../../peers/peer-version.ts'
import type { LockContender } from '../lock-contender.ts'

/** How often the peers that ask again are let to, milliseconds: as often as ours where nothing can wake it. */
export const PEER_POLL_MS = 10

/** Longer than any contender has to wait, milliseconds. */
export const PEER_WAIT_MS = 120_000

/** Enough for all who wait in one process: a lock of a session holds a connection from the first wait to its release. */
export const SESSIONS = 21

/** A library among the contenders, by the name of its package. */
export function peerLock(packageName: string, peer: Omit<LockContender, 'name' | 'part'>): LockContender {
  return { ...peer, name: `${peer.backend}: ${packageName} ${versionOf(packageName)}`, part: 'peer' }
}

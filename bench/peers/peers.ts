import { bullmqPeer } from './bullmq-peer.ts'
import { graphileWorkerPeer } from './graphile-worker-peer.ts'
import type { Peer } from './peer.ts'
import { pgBossPeer } from './pg-boss-peer.ts'

/** Those that keep a row of each job, and those that leave nothing; fastest settings of each. */
export const PEERS: readonly Peer[] = [
  pgBossPeer,
  bullmqPeer('postgres', 'all'),
  bullmqPeer('redis, appendfsync everysec', 'all'),
  bullmqPeer('redis, appendfsync always', 'all'),
  graphileWorkerPeer,
  bullmqPeer('postgres', 'none'),
  bullmqPeer('redis, appendfsync everysec', 'none'),
]

/** How the peers are set, for the notes of a benchmark. */
export function settingsText(peers: readonly Peer[]): string {
  const settings = new Map(peers.map((peer) => [peer.name.split(' on ')[0], peer.settings]))
  return `Peers at their fastest documented settings. ${[...settings].map(([name, text]) => `${name}: ${text}.`).join(' ')}`
}

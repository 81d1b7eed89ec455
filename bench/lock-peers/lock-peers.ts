/**
 * Runs the contract for locks against other libraries: `pnpm lock-peers [--write]`. `--write` puts the
 * verdicts into `docs/lock-peers.md`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServers } from '@escapement/testkit/servers'
import { judgePeer } from './judge-peer.ts'
import { type JudgedPeer, lockPeersPage } from './lock-peers-page.ts'
import { PEER_LIBRARIES } from './peer-libraries.ts'

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
const started = await startServers(['redis', 'etcd'])
// A renewal that a library makes in the background may reject where nobody hears it; that ends no case.
process.on('unhandledRejection', () => undefined)

const judged: JudgedPeer[] = []
for (const library of PEER_LIBRARIES) {
  const server = started.servers[library.backend === 'Redis' ? 'redis' : 'etcd']
  if (server === undefined)
    throw new Error(`${library.backend} could not be had: ${JSON.stringify(started.unavailable)}`)
  judged.push({ library, verdicts: await judgePeer(library, server.url) })
}
const page = lockPeersPage(judged)
if (values.write) writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'lock-peers.md'), page)
else console.log(page)
await started.stop()
process.exit() // a case that never ends leaves its clients open

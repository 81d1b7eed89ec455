/**
 * Sixteen processes contend for four keys of one lock for a minute, while holders are killed and stopped past their leases,
 * connections are cut, and the server is restarted with and without its data: `node bench/contest/contest.ts
 * [--on sqlite|postgres|mariadb|redis|quorum|etcd] [--short]`. Fails when a lease was not as promised.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { runContest } from '@escapement/testkit/contest'
import { openContestedFile } from './contested-file.ts'
import { CONTESTED_KINDS, type ContestedKind, type ContestedLock } from './contested-lock.ts'
import { openContestedQuorum } from './contested-quorum.ts'
import { openContestedDatabase, openContestedStore } from './contested-server.ts'
import { contestRounds } from './contest-rounds.ts'
import { contestText } from './contest-text.ts'

function open(kind: ContestedKind): Promise<ContestedLock> {
  if (kind === 'sqlite') return openContestedFile()
  if (kind === 'quorum') return openContestedQuorum()
  return kind === 'postgres' || kind === 'mariadb' ? openContestedDatabase(kind) : openContestedStore(kind)
}

const { values } = parseArgs({ options: { on: { type: 'string' }, short: { type: 'boolean' } } })
const kind = CONTESTED_KINDS.find((known) => known === (values.on ?? 'sqlite'))
if (kind === undefined) throw new Error(`--on is ${values.on}; it may be ${CONTESTED_KINDS.join(', ')}`)
const load = (): string => loadavg()[0]?.toFixed(1) ?? ''

let isRight = true
for (const round of contestRounds(kind, values.short === true)) {
  await using lock = await open(kind)
  console.log(`${kind}, ${round.name}: ${cpus().length} processors, load ${load()} before`)
  const report = await runContest(round.plan(lock))
  console.log(`${contestText(report)}\nload ${load()} after\n`)
  isRight &&= report.findings.length === 0
}
process.exitCode = isRight ? 0 : 1

/**
 * Stops a lock server for a minute while everyone goes on asking for locks, and starts it again: `node
 * bench/outage/outage.ts [--on postgres|mariadb|redis|etcd] [--short]`. Fails when anything is left behind.
 */
import { parseArgs } from 'node:util'
import { OUTAGE_KINDS, openOutagePlace } from './outage-place.ts'
import { runOutage } from './run-outage.ts'

const DOWN_MS = 60_000
const SHORT_MS = 3_000

const { values } = parseArgs({ options: { on: { type: 'string' }, short: { type: 'boolean' } } })
const kinds = OUTAGE_KINDS.filter((kind) => values.on === undefined || kind === values.on)
if (kinds.length === 0) throw new Error(`--on is ${values.on}; it may be ${OUTAGE_KINDS.join(', ')}`)
const downMs = values.short === true ? SHORT_MS : DOWN_MS

for (const kind of kinds) {
  await using place = await openOutagePlace(kind)
  const { before, after, errors, servedAfterMs, findings } = await runOutage(place, downMs)
  const told = [...errors].map(([code, count]) => `${code} ${count}`).join(', ')
  console.log(`${kind}, down for ${downMs / 1_000} s, everyone served ${servedAfterMs} ms after its return`)
  console.log(`  callers were told: ${told}`)
  for (const [when, open] of Object.entries({ before, after })) {
    console.log(`  ${when}: ${open.connections} connections, ${open.locks} locks, ${open.resources}`)
  }
  for (const finding of findings) console.log(`  PROBLEM ${finding}`)
  if (findings.length > 0) process.exitCode = 1
}

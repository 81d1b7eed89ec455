/**
 * Compares the cron engine with an oracle that shares no code with it, over all zones that this build of Node knows:
 * `pnpm cron-oracle [--seed 1] [--triples 500] [--zone Europe/Berlin]`. A zone's own seed is printed with what differs.
 */
import { parseArgs } from 'node:util'
import { compareZone } from './compare.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    triples: { type: 'string', default: '500' },
    zone: { type: 'string' },
  },
})
const zones = Intl.supportedValuesOf('timeZone')
const total = { triples: 0, byMinutes: 0, byDates: 0, hopeless: 0, beyond: 0, mostSteps: 0, disagreements: 0 }
for (const [index, zone] of zones.entries()) {
  if (values.zone !== undefined && values.zone !== zone) continue
  const seed = Number(values.seed) * 1_000 + index
  const found = compareZone({ zone, seed, triples: Number(values.triples), days: 365 })
  for (const name of ['triples', 'byMinutes', 'byDates', 'hopeless', 'beyond'] as const) total[name] += found[name]
  total.mostSteps = Math.max(total.mostSteps, found.mostSteps)
  total.disagreements += found.disagreements.length
  for (const each of found.disagreements.slice(0, 3)) console.log(`seed ${seed}: ${each}`)
}
console.log(`seed ${values.seed}, ${values.zone ?? `${zones.length} zones`}:`, total)
process.exitCode = total.disagreements === 0 ? 0 : 1

/**
 * Runs a virtual year of a thousand jobs through the scheduler, once as it should be and once with crashes and lost
 * replies: `node bench/simulation/simulate.ts [days]`. Fails when a tick is missing or done twice, or when the limits
 * of time and memory are not kept.
 */
import { simulate, type SimulationResult } from './simulation.ts'

const LONGEST_MS = 90_000
const MOST_BYTES = 1_000_000_000

const days = Number(process.argv[2] ?? 365)
let isWell = true

for (const faults of [0, 0.01]) {
  const result = await simulate({ days, daily: 950, hourly: 50, seed: 7, faults, retentionDays: 30 })
  print(faults === 0 ? 'undisturbed' : 'with 1 % crashes and lost replies', result)
  isWell &&= result.differences.length === 0 && result.wallMs <= LONGEST_MS && result.peakBytes <= MOST_BYTES
}
process.exitCode = isWell ? 0 : 1

function print(title: string, result: SimulationResult): void {
  const { ticks, runs, folded, crashes, kept, wallMs, peakBytes, differences } = result
  console.log(`${days} days, ${title}`)
  console.log(`  ticks ${ticks}, runs ${runs}, in spans ${folded}, crashes ${crashes}, rows kept ${kept}`)
  console.log(`  ${(wallMs / 1_000).toFixed(1)} s, at most ${Math.round(peakBytes / 1e6)} MB`)
  console.log(differences.length === 0 ? '  every tick as counted' : `  ${differences.length} differences:`)
  for (const difference of differences.slice(0, 20)) console.log(`    ${difference}`)
}

/**
 * Runs a virtual year of a thousand jobs through the scheduler, once as it should be and once with crashes and lost
 * replies: `node bench/simulation/simulate.ts [days]`. Fails when a tick is missing or done twice, or when the limits
 * of time and memory are not kept.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { SimulationResult } from './simulation.ts'

const MOST_BYTES = 1_000_000_000
/** Without a bound V8 puts collecting off for as long as the machine has memory. */
const MOST_HEAP_MB = 640
/** Room for what lives for a virtual moment only: less of it is copied before it dies. */
const SEMI_SPACE_MB = 64

/** The second run starts some 7,800 instances, each of which registers all jobs. */
const CASES = [
  { title: 'undisturbed', faults: 0, longestMs: 90_000 },
  { title: 'with 1 % crashes and lost replies', faults: 0.01, longestMs: 240_000 },
]

interface MeasuredResult extends SimulationResult {
  readonly cpuMs: number
}

const days = Number(process.argv[2] ?? 365)
let isWell = true

for (const { title, faults, longestMs } of CASES) {
  const result = await run(faults)
  print(title, result)
  const isInTime = result.wallMs <= longestMs
  if (!isInTime) console.log(`  too slow: ${longestMs / 1_000} s are allowed`)
  if (result.peakBytes > MOST_BYTES) console.log(`  too large: ${MOST_BYTES / 1e6} MB are allowed`)
  isWell &&= result.differences.length === 0 && isInTime && result.peakBytes <= MOST_BYTES
}
process.exitCode = isWell ? 0 : 1

async function run(faults: number): Promise<MeasuredResult> {
  const script = new URL('./simulated-case.ts', import.meta.url)
  const sizes = [`--max-old-space-size=${MOST_HEAP_MB}`, `--max-semi-space-size=${SEMI_SPACE_MB}`]
  const execArgv = [...process.execArgv, ...sizes]
  const child = fork(script, [String(days), String(faults)], { execArgv })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulation ended with exit code ${String(code)} and no result`)
  })
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [MeasuredResult]
  ended.catch(() => undefined)
  return result
}

function print(title: string, result: MeasuredResult): void {
  const { ticks, runs, folded, crashes, kept, wallMs, cpuMs, peakBytes, differences } = result
  console.log(`${days} days, ${title}`)
  console.log(`  ticks ${ticks}, runs ${runs}, in spans ${folded}, crashes ${crashes}, rows kept ${kept}`)
  console.log(`  ${seconds(wallMs)}, ${seconds(cpuMs)} of processor, at most ${Math.round(peakBytes / 1e6)} MB`)
  console.log(differences.length === 0 ? '  every tick as counted' : `  ${differences.length} differences:`)
  for (const difference of differences.slice(0, 20)) console.log(`    ${difference}`)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

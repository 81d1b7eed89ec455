/** Reads random texts as cron patterns for some minutes: `pnpm cron-fuzz [--minutes 10] [--seed 1]`. */
import { parseArgs } from 'node:util'
import { fuzzParser } from './fuzz-parser.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
})
const until = performance.now() + Number(values.minutes) * 60_000
const report = fuzzParser(Number(values.seed), () => performance.now() > until)
console.log(`seed ${values.seed}, ${values.minutes} minutes:`, { ...report, slowest: report.slowest.slice(0, 100) })
process.exitCode = report.problems.length === 0 ? 0 : 1

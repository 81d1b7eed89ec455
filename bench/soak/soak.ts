/**
 * Five processes on one SQLite file run 50 jobs due each second, while processes are killed and stopped:
 * `node bench/soak/soak.ts [seconds]`, 60 by default. Fails when anything is lost, done twice or late.
 */
import { runSoak } from './soak-run.ts'
import { soakText } from './soak-text.ts'

const report = await runSoak({ seconds: Number(process.argv[2] ?? 60), jobs: 50, leaseMs: 6_000 })
console.log(soakText(report))
const kills = report.disturbances.filter(({ kind }) => kind !== 'stopped')
const isHard = kills.every(({ inFlight }) => inFlight >= 50) && report.refused > 0
if (!isHard)
  console.log('the soak was too easy: at least 50 attempts must be in flight at each kill, and late results be refused')
process.exitCode = report.problems.length === 0 && isHard ? 0 : 1
